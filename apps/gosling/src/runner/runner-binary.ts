import { findOnPath } from '../find-on-path.ts';
import { readVersionLine } from '../read-version.ts';

/** The program that takes jobs from GitLab. */
export interface RunnerBinary {
  readonly kind: 'gitlab-runner' | 'simulator';
  readonly program: string;
  /** Before `run …`. */
  readonly prefix: readonly string[];
  /** For the log and the heartbeat: `gitlab-runner 18.2.0`, `simulator`. */
  readonly label: string;
}

interface RunnerSearch {
  readonly configured: string | undefined;
  readonly path: string | undefined;
  readonly node: string;
  readonly signal: AbortSignal;
  /** Fetches it; `undefined` where no mirror is named. */
  fetch(): Promise<string | undefined>;
}

/**
 * `GOSLING_GITLAB_RUNNER_BIN`, then `gitlab-runner` on PATH, then that of the mirror, then the simulator's own runner.
 * A mirror that gives none is a failure: no other runner stands in for it.
 */
export async function findRunnerBinary(options: RunnerSearch): Promise<RunnerBinary> {
  const program =
    options.configured ?? (await findOnPath('gitlab-runner', options.path)) ?? (await options.fetch());
  if (program !== undefined) {
    const version = await readVersionLine(program, ['--version'], options.signal);
    const number = /(\d+\.\d+\.\d+\S*)/.exec(version ?? '')?.[1];
    return { kind: 'gitlab-runner', program, prefix: [], label: `gitlab-runner ${number ?? 'unknown'}` };
  }
  const { simRunnerPath } = await import('@polar-gosling/gitlab-sim');
  const prefix = ['--disable-warning=ExperimentalWarning', simRunnerPath()];
  return { kind: 'simulator', program: options.node, prefix, label: 'simulator' };
}
