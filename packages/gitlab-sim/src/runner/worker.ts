import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, IdSource } from '@polar-gosling/kernel';
import { askForJob, type EntryState } from './ask-for-job.ts';
import type { ConfigFile } from './config-file.ts';
import { createCoordinatorClient } from './coordinator-client.ts';
import { createEntryHealth } from './entry-health.ts';
import type { JobUser } from './job-user.ts';
import { runJob } from './run-job.ts';
import type { RunnerEntry } from './runner-config.ts';
import { runnerInfo, runnerVersion } from './runner-info.ts';
import type { RunnerJob } from './runner-job.ts';
import { type RunnerLog, shortToken } from './runner-log.ts';
import type { RunnerStatus, RunningJob } from './running-jobs.ts';

export interface WorkerDeps {
  readonly config: ConfigFile;
  readonly status: RunnerStatus;
  readonly workingDirectory: string;
  readonly user: JobUser | undefined;
  readonly log: RunnerLog;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** No more jobs are asked for. */
  readonly quit: AbortSignal;
  /** Jobs are given up. */
  readonly shutdown: AbortSignal;
  /** Everything ends, reports too. */
  readonly signal: AbortSignal;
}

/** Asks for jobs while there is room and runs them; resolves when asking has ended and every job has. */
export async function work(deps: WorkerDeps): Promise<void> {
  const states = new Map<string, EntryState>();
  const busy = new Set<Promise<void>>();
  let early = new AbortController();
  const launch = (entry: RunnerEntry, state: EntryState) => {
    state.asking++;
    const onJob = () => {
      if (!entry.isStrictInterval) early.abort();
    };
    const task = askAndRun(deps, { entry, state }, onJob).finally(() => busy.delete(task));
    busy.add(task);
  };
  while (!deps.quit.aborted) {
    const config = deps.config.current();
    early = new AbortController();
    for (const entry of config.runners) {
      const key = `${entry.url} ${entry.token}`;
      const state = states.get(key) ?? newState(deps, entry);
      states.set(key, state);
      if (hasRoom(deps, config.concurrent, { entry, state, states }) && state.health.isHealthy()) {
        launch(entry, state);
      }
    }
    // Cut short by a job that came (there may be more), and by the end.
    const pause = AbortSignal.any([deps.quit, early.signal]);
    await deps.clock.sleep(config.checkIntervalMs, pause).catch(() => undefined);
  }
  await Promise.all(busy);
}

function newState(deps: WorkerDeps, entry: RunnerEntry): EntryState {
  const send = createCoordinatorClient({
    url: entry.url,
    caPem: entry.caFile === undefined ? undefined : readFileSync(entry.caFile, 'utf8'),
    version: runnerVersion,
    clock: deps.clock,
    ids: deps.ids,
  });
  return { health: createEntryHealth(deps.clock, entry), send, asking: 0, lastUpdate: undefined };
}

/** A request under way may bring a job, so it takes a place already. */
function hasRoom(
  { status }: WorkerDeps,
  concurrent: number,
  of: { entry: RunnerEntry; state: EntryState; states: ReadonlyMap<string, EntryState> },
): boolean {
  const asking = [...of.states.values()].reduce((sum, state) => sum + state.asking, 0);
  if (status.jobs.size + asking >= concurrent) return false;
  if (of.state.asking >= of.entry.requestConcurrency) return false;
  const own = [...status.jobs].filter(({ entry }) => entry.token === of.entry.token).length;
  return of.entry.limit === 0 || own + of.state.asking < of.entry.limit;
}

async function askAndRun(
  deps: WorkerDeps,
  { entry, state }: { entry: RunnerEntry; state: EntryState },
  onJob: () => void,
): Promise<void> {
  const { status } = deps;
  let job: RunnerJob | undefined;
  let running: RunningJob | undefined;
  try {
    job = await askForJob(deps, entry, state);
    if (job !== undefined) {
      running = { job, entry, startedAtMs: deps.clock.monotonic(), stage: 'prepare_executor' };
      status.jobs.add(running);
    }
  } catch (error) {
    deps.log('error', 'Job could not be read', { error: String(error) });
  } finally {
    state.asking--;
  }
  if (job === undefined || running === undefined) return;
  onJob();
  await runAndCount(deps, running, state);
  status.jobs.delete(running);
}

async function runAndCount(deps: WorkerDeps, running: RunningJob, state: EntryState): Promise<void> {
  const { log, status } = deps;
  const { job, entry } = running;
  const facts = { job: job.id, project: job.projectId, runner: shortToken(entry.token) };
  log('info', 'Checking for jobs... received', facts);
  try {
    const outcome = await runJob({
      job,
      entry,
      running,
      buildsDir: entry.buildsDir ?? join(deps.workingDirectory, 'builds'),
      user: deps.user,
      info: runnerInfo(),
      clock: deps.clock,
      send: state.send,
      shutdown: deps.shutdown,
      signal: deps.signal,
    });
    status.jobsTotal++;
    const reason = outcome?.state === 'failed' ? outcome.reason : undefined;
    if (reason !== undefined) status.failures.set(reason, (status.failures.get(reason) ?? 0) + 1);
    log(reason === undefined ? 'info' : 'warning', outcomeText(outcome), {
      ...facts,
      failure_reason: reason,
      duration_s: (deps.clock.monotonic() - running.startedAtMs) / 1000,
    });
  } catch (error) {
    log('error', 'Job failed in the runner', { ...facts, error: String(error) });
  }
}

function outcomeText(outcome: { readonly state: string } | undefined): string {
  if (outcome === undefined) return 'Job was not acknowledged';
  return outcome.state === 'success' ? 'Job succeeded' : 'Job failed';
}
