import type { ApiClient, FetchLike } from '@polar-gosling/api-contract';
import type { Clock, IdSource, Masker } from '@polar-gosling/kernel';
import type { AgentFiles } from './agent-files.ts';
import type { AgentLog } from './agent-log.ts';
import type { RunnerBinary } from './runner-binary.ts';

/** Everything an agent stands on; nothing is read behind its back. */
export interface AgentDeps {
  readonly runnerId: string;
  /** Makes the client of MotherGoose for the token that is in force when a call is made. */
  connect(token: () => string): ApiClient;
  readonly bootstrap: {
    /** The one-time token; `undefined` where there is none (any more). */
    read(): Promise<string | undefined>;
    /** Once it is used: nobody else may find it. */
    forget(): Promise<void>;
  };
  readonly files: AgentFiles;
  /** To `gitlab-runner` on this machine, and to GitLab. */
  readonly fetch: FetchLike;
  gitlabFetch(caPem: string | undefined): FetchLike;
  readonly binary: RunnerBinary;
  /** The system user that jobs run as; only root can have one. */
  readonly jobUser: string | undefined;
  /** Where directories of builds outside ours are made. */
  readonly outside: string;
  readonly childEnv: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: AgentLog;
  /** Told every secret as soon as it is known. */
  readonly masker: Masker;
  /** Calls back for each signal to end; answers how to stop listening. */
  onSignal(callback: () => void): () => void;
  readonly metricsIntervalMs: number;
  /** How often `gitlab-runner` is looked at. */
  readonly probeMs: number;
}
