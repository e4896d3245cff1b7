import type { Clock } from '@polar-gosling/kernel';
import { type BuildDirectory, makeBuildDirectory } from './build-directory.ts';
import type { CoordinatorClient } from './coordinator-client.ts';
import { JobLog } from './job-log.ts';
import { createJobReporter, type JobOutcome } from './job-reporter.ts';
import { environmentOf, scriptOf } from './job-script.ts';
import type { JobUser } from './job-user.ts';
import { runStep, type StepResult } from './run-step.ts';
import type { RunnerEntry } from './runner-config.ts';
import type { JobStep, RunnerJob } from './runner-job.ts';
import type { RunningJob } from './running-jobs.ts';

export interface JobRun {
  readonly job: RunnerJob;
  readonly entry: RunnerEntry;
  readonly running: RunningJob;
  readonly buildsDir: string;
  readonly user: JobUser | undefined;
  readonly info: object;
  readonly clock: Clock;
  readonly send: CoordinatorClient;
  /** Aborted by SIGTERM: the job is given up and reported as interrupted. */
  readonly shutdown: AbortSignal;
  /** Ends the report too. */
  readonly signal: AbortSignal;
}

/** Why a job's script was ended before its own end. */
type StopReason = 'timeout' | 'cancel' | 'abort' | 'shutdown';

/** Runs one job from acknowledgement to final report; returns what it reported, `undefined` if it was not ours. */
export async function runJob(run: JobRun): Promise<JobOutcome | undefined> {
  const { job, clock } = run;
  const log = new JobLog(run.entry.outputLimitBytes);
  const stop = new AbortController();
  const stopFor = (reason: StopReason) => stop.abort(reason);
  const reporter = createJobReporter({
    job,
    log,
    clock,
    send: run.send,
    info: run.info,
    signal: run.signal,
    onOrder: (order) => {
      if (order !== 'run') stopFor(order);
    },
  });
  if (!(await reporter.acknowledge())) return undefined;

  const ended = new AbortController();
  const onShutdown = () => stopFor('shutdown');
  if (run.shutdown.aborted) onShutdown();
  run.shutdown.addEventListener('abort', onShutdown, { once: true });
  // The sleep is cut short when the job ends in time.
  const limit = clock.sleep(job.timeoutMs, ended.signal).then(
    () => stopFor('timeout'),
    () => undefined,
  );
  const following = reporter.follow(ended.signal);
  const outcome = await runSteps(run, log, stop.signal);
  ended.abort();
  run.shutdown.removeEventListener('abort', onShutdown);
  await Promise.all([limit, following]);
  await reporter.finish(outcome);
  return outcome;
}

async function runSteps(run: JobRun, log: JobLog, stop: AbortSignal): Promise<JobOutcome> {
  const { job, running } = run;
  log.append(`Running with the simulated runner\nUsing Shell executor...\n`);
  running.stage = 'prepare_executor';
  let directory: BuildDirectory | undefined;
  try {
    directory = await makeBuildDirectory({ buildsDir: run.buildsDir, jobId: job.id, user: run.user });
    let outcome: JobOutcome = { state: 'success' };
    for (const step of job.steps.filter(({ when }) => when !== 'always')) {
      running.stage = 'step_script';
      if (outcome.state === 'success') outcome = await runMainStep(run, step, { log, stop, directory });
    }
    if (mayRunAfterScript(stop)) {
      for (const step of job.steps.filter(({ when }) => when === 'always')) {
        running.stage = 'after_script';
        await runAfterStep(run, step, { log, directory });
      }
    }
    log.append(lastLine(outcome));
    return outcome;
  } catch (error) {
    log.append(`ERROR: Job failed (system failure): ${String(error)}\n`);
    return { state: 'failed', reason: 'runner_system_failure' };
  } finally {
    running.stage = 'cleanup';
    await directory?.remove();
  }
}

interface StepPlace {
  readonly log: JobLog;
  readonly directory: BuildDirectory;
  readonly stop: AbortSignal;
}

async function runMainStep(run: JobRun, step: JobStep, place: StepPlace): Promise<JobOutcome> {
  place.log.append(`Executing "step_${step.name}" stage of the job script\n`);
  const result = await start(run, step, place);
  if (place.stop.aborted) return stoppedOutcome(run.job, place.stop.reason);
  if (result.kind === 'not_started') {
    place.log.append(`ERROR: ${String(result.error)}\n`);
    return { state: 'failed', reason: 'runner_system_failure' };
  }
  if (result.code === 0) return { state: 'success' };
  return { state: 'failed', reason: 'script_failure', exitCode: result.code };
}

/** Its outcome does not count; it has its own time. */
async function runAfterStep(
  run: JobRun,
  step: JobStep,
  place: { log: JobLog; directory: BuildDirectory },
): Promise<void> {
  place.log.append('Running after script...\n');
  const ended = new AbortController();
  const limit = run.clock.sleep(step.timeoutMs, ended.signal).then(
    () => ended.abort(),
    () => undefined,
  );
  await start(run, step, { ...place, stop: AbortSignal.any([ended.signal, run.shutdown]) });
  ended.abort();
  await limit;
}

function start(run: JobRun, step: JobStep, place: StepPlace): Promise<StepResult> {
  return runStep({
    script: scriptOf(step, run.entry),
    cwd: place.directory.work,
    env: environmentOf(run.job, run.entry, { directory: place.directory, user: run.user }),
    user: run.user,
    clock: run.clock,
    onOutput: (output) => place.log.append(output),
    signal: place.stop,
  });
}

/** A job cancelled with grace still cleans up after itself. */
function mayRunAfterScript(stop: AbortSignal): boolean {
  return !stop.aborted || stop.reason === 'cancel';
}

function stoppedOutcome(job: RunnerJob, reason: unknown): JobOutcome {
  if (reason === 'timeout') return { state: 'failed', reason: 'job_execution_timeout' };
  if (reason === 'shutdown') {
    const isKnown = job.failureReasons.includes('runner_interrupted');
    return { state: 'failed', reason: isKnown ? 'runner_interrupted' : 'runner_system_failure' };
  }
  return { state: 'failed', reason: 'unknown_failure' };
}

function lastLine(outcome: JobOutcome): string {
  if (outcome.state === 'success') return 'Job succeeded\n';
  if (outcome.exitCode !== undefined) return `ERROR: Job failed: exit status ${outcome.exitCode}\n`;
  return `ERROR: Job failed: ${outcome.reason}\n`;
}
