import { readFile } from 'node:fs/promises';
import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import type { AgentDeps } from './agent-deps.ts';
import type { AgentDisk } from './agent-disk.ts';
import { writePrivate } from './agent-files.ts';
import type { Told } from './agent-model.ts';
import type { BuildDirs } from './build-dirs.ts';
import { renderConfigToml } from './config-toml.ts';
import { findFreePort } from './free-port.ts';
import { createJobTracker, type JobCounts, type TrackedJob } from './job-tracker.ts';
import { createLogTail } from './log-tail.ts';
import { probeRunner } from './probe-runner.ts';
import { createProjectIds } from './project-ids.ts';
import { type RunnerProcess, startRunnerProcess } from './runner-process.ts';

/** `shutdown_timeout` of `gitlab-runner`: how long it may take to abort its jobs. */
export const shutdownTimeoutS = 15;

export interface RunningJobs {
  readonly jobs: readonly TrackedJob[];
  projectOf(jobId: number): number;
}

/** `gitlab-runner` under the agent: at most one at a time, started and told to end as the agent decides. */
export interface ChildRunner {
  start(answer: BootstrapAnswer): void;
  tell(told: Exclude<Told, 'nothing'>): void;
  /** Writes the configuration anew; `gitlab-runner` reloads it by itself. */
  reconfigure(answer: BootstrapAnswer): Promise<void>;
  /** What is new since the last look; `undefined` while it does not answer. */
  look(signal: AbortSignal): Promise<JobCounts | undefined>;
  running(): RunningJobs;
}

export interface ChildEvents {
  /** `wasAsked`: it had been told to end. */
  onExit(reason: string, wasAsked: boolean): void;
  onConfigProblem(problem: string): void;
}

interface Life {
  process?: RunnerProcess;
  listenAddress?: string;
  told: Told;
  readonly tracker: ReturnType<typeof createJobTracker>;
}

export function createChildRunner(
  deps: AgentDeps,
  { dirs, disk }: { readonly dirs: BuildDirs; readonly disk: AgentDisk },
  events: ChildEvents,
): ChildRunner {
  const { files, log } = deps;
  const projects = createProjectIds();
  const tail = createLogTail(files.runnerLog, (line) => {
    projects.learn(line);
    log.raw(line);
  });
  let life: Life | undefined;

  const writeConfig = async (answer: BootstrapAnswer, listenAddress: string) => {
    const { text, problem } = renderConfigToml({
      answer,
      listenAddress,
      buildsDir: dirs.builds,
      cacheDir: dirs.cache,
      // gitlab-runner is no Node: what every client of ours trusts must be told to it.
      caFile: answer.gitlab.ca_pem === undefined ? deps.childEnv['NODE_EXTRA_CA_CERTS'] : files.caFile,
      shutdownTimeoutS,
    });
    if (problem !== undefined) events.onConfigProblem(problem);
    await writePrivate(files.configToml, text);
  };

  const launch = async (mine: Life, answer: BootstrapAnswer) => {
    mine.listenAddress = `127.0.0.1:${await findFreePort()}`;
    await writeConfig(answer, mine.listenAddress);
    const user = deps.jobUser === undefined ? [] : ['--user', deps.jobUser];
    mine.process = startRunnerProcess({
      binary: deps.binary,
      args: ['run', '--config', files.configToml, '--working-directory', files.directory, ...user],
      env: deps.childEnv,
      cwd: files.directory,
      logFile: files.runnerLog,
      onExit: (reason) => end(mine, reason),
    });
    log.info('runner started', { kind: deps.binary.label, pid: mine.process.pid });
    // It was told to end while it was being prepared.
    if (mine.told !== 'nothing') mine.process.tell(mine.told);
  };

  const end = (mine: Life, reason: string) => {
    if (life !== mine) return;
    life = undefined;
    void tail.read().catch(() => undefined); // its last words, for the log only
    log.info('runner ended', { reason });
    events.onExit(reason, mine.told !== 'nothing');
  };

  return {
    start(answer) {
      const mine: Life = { told: 'nothing', tracker: createJobTracker() };
      life = mine;
      launch(mine, answer).catch((error: unknown) => end(mine, `could not be started: ${String(error)}`));
    },
    tell(told) {
      if (life === undefined) return;
      life.told = told;
      life.process?.tell(told);
    },
    async reconfigure(answer) {
      if (life?.listenAddress !== undefined) await writeConfig(answer, life.listenAddress);
    },
    async look(signal) {
      const mine = life;
      if (mine?.listenAddress === undefined) return undefined;
      const snapshot = await probeRunner(mine.listenAddress, { fetch: deps.fetch, signal });
      // After the list: the line that names a job's project is written before the job is listed.
      await disk.attempt('log of gitlab-runner', () => tail.read());
      if (snapshot === undefined || life !== mine) return undefined;
      return mine.tracker.observe(snapshot, deps.clock.now());
    },
    running: () => ({ jobs: life?.tracker.running() ?? [], projectOf: projects.of }),
  };
}

/** The PEM text of a CA file, for the agent's own calls. */
export async function readCa(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : await readFile(file, 'utf8');
}
