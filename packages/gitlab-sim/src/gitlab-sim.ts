import type { Clock, IdSource } from '@polar-gosling/kernel';
import type { Faults } from './faults.ts';
import type { SimSettings } from './sim-context.ts';
import type { Access, TokenScope, User } from './state/accounts.ts';
import type { Hook, HookDelivery } from './state/hook.ts';
import type { JobStatus, Pipeline } from './state/job.ts';
import type { DeployKey } from './state/project.ts';
import type { Runner, RunnerManager } from './state/runner.ts';
import type { Violation } from './state/world.ts';

export interface GitlabSimOptions extends Partial<SimSettings> {
  readonly clock?: Clock;
  readonly ids?: IdSource;
  /** Serves the control API under `/sim`, without any authentication: only for a simulator of one's own. */
  readonly withControlApi?: boolean;
}

export interface ListenOptions {
  readonly host?: string;
  /** 0 = any free one. */
  readonly port?: number;
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** What GitLab calls itself in links, when that is not the address it listens on. */
  readonly externalUrl?: string;
}

/** Roles by user name. */
export type Members = Readonly<Record<string, Access>>;

export interface NewProject {
  /** `group/project`; groups that are missing are made. */
  readonly path: string;
  /** Checked at once; wrong text throws SIM_CI_YAML_INVALID. */
  readonly ciYaml?: string;
  readonly defaultBranch?: string;
  /** Is the default branch protected? GitLab's default is yes. */
  readonly isProtected?: boolean;
  /** Only the administrator `root` sees a project without members. */
  readonly members?: Members;
  readonly gitSshUrl?: string;
  readonly gitHttpUrl?: string;
}

export interface NewPush {
  /** Branch; the default one unless told. */
  readonly ref?: string;
  /** The new commit; made up unless told. */
  readonly sha?: string;
  readonly title?: string;
  readonly user?: string;
  readonly added?: readonly string[];
  readonly modified?: readonly string[];
  readonly removed?: readonly string[];
}

/** A job as tests and the demo look at it. */
export interface JobView {
  readonly id: number;
  readonly projectId: number;
  readonly pipelineId: number;
  readonly name: string;
  readonly stage: string;
  readonly status: JobStatus;
  readonly tags: readonly string[];
  readonly ref: string;
  readonly webUrl: string;
  readonly runnerId: number | undefined;
  /** The machine that took the job. */
  readonly systemId: string | undefined;
  readonly failureReason: string | undefined;
  readonly exitCode: number | undefined;
  readonly retriesCount: number;
  readonly isRetried: boolean;
  readonly trace: string;
}

/** A GitLab in one process, and the hands that move it. */
export interface GitlabSim {
  /** Serves REST and the runner protocol; several addresses may be served at once. */
  listen(options?: ListenOptions): Promise<{ url: string; close(): Promise<void> }>;
  /** Ends servers, deliveries and timers. */
  close(): Promise<void>;
  /** Address of the first listener. */
  url(): string;
  now(): number;

  addUser(user: { username: string; name?: string; isAdmin?: boolean }): User;
  /** Returns the `glpat-` value. */
  addToken(token: {
    user: string | number;
    scopes: readonly TokenScope[];
    name?: string;
    expiresAtMs?: number;
  }): string;
  addGroup(group: { path: string; members?: Members }): { id: number };
  addProject(project: NewProject): { id: number };
  setCiYaml(projectId: number, text: string): void;

  /** A commit on a branch: push event, then a pipeline if the project has a `.gitlab-ci.yml`. */
  push(projectId: number, push?: NewPush): { sha: string; pipelineId: number | undefined };
  /** A commit on a branch and its push event, without a pipeline. */
  pushHookOnly(projectId: number, push?: NewPush): { sha: string };
  runPipeline(
    projectId: number,
    options?: { ref?: string; variables?: Readonly<Record<string, string>> },
  ): { id: number };
  playJob(jobId: number): void;
  cancelJob(jobId: number, options?: { isForced?: boolean }): void;
  retryJob(jobId: number): { id: number };

  jobs(projectId?: number): JobView[];
  job(jobId: number): JobView;
  pipeline(pipelineId: number): Pipeline;
  hooks(projectId: number): readonly Hook[];
  runners(): readonly Runner[];
  managers(runnerId?: number): readonly RunnerManager[];
  deployKeys(projectId: number): readonly DeployKey[];

  /** Every webhook delivery so far, oldest first. */
  readonly deliveries: readonly HookDelivery[];
  /** What clients sent that this GitLab does not know. Tests expect none. */
  readonly violations: readonly Violation[];
  readonly faults: Faults;
  /** Called on each change of a job; returns the way to stop. */
  onJobChange(listener: (job: JobView) => void): () => void;
  /** Resolves when no webhook is on its way any more. */
  hooksIdle(): Promise<void>;
}
