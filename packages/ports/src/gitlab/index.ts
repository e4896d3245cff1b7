import type { Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export type { CallOptions } from '../call.ts';
export { gitlabErrors } from './errors.ts';

/** Where to call, and as whom. */
export interface GitlabTarget {
  /** Base URL without `/api/v4`. */
  readonly url: string;
  readonly token: Secret;
  /** PEM of a private CA. */
  readonly caPem?: string;
}

export interface GitlabProject {
  readonly id: number;
  readonly pathWithNamespace: string;
  readonly defaultBranch?: string;
}

export interface GitlabJob {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly ref: string;
  readonly pipelineId: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Seconds it waited so far, as GitLab says. */
  readonly queuedDurationS?: number;
  readonly runnerId?: number;
  readonly systemId?: string;
  readonly failureReason?: string;
  readonly webUrl?: string;
}

export interface GitlabHook {
  readonly id: number;
  readonly url: string;
  readonly alertStatus?: string;
  readonly hasToken?: boolean;
  readonly hasSigningToken?: boolean;
}

export interface HookSpec {
  readonly url: string;
  readonly token: Secret;
  readonly signingToken?: Secret;
  readonly sslVerification: boolean;
  /** Name shown in GitLab; carries our installation's mark. */
  readonly name: string;
}

export interface RunnerSpec {
  readonly scope: 'project' | 'group';
  readonly scopeId: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly protected: boolean;
  readonly locked: boolean;
  readonly maximumTimeoutS?: number;
  readonly maintenanceNote?: string;
}

/** Projects, groups, jobs, and what we are. Reads only: all safe to repeat. Missing or not ours to see: `undefined`. */
export interface GitlabReader {
  metadata(target: GitlabTarget, options: CallOptions): Promise<{ version: string }>;
  project(
    target: GitlabTarget,
    project: number | string,
    options: CallOptions,
  ): Promise<GitlabProject | undefined>;
  /** Every project of the group and its subgroups (archived ones left out). */
  groupProjects(
    target: GitlabTarget,
    groupId: number,
    options: CallOptions,
  ): Promise<readonly GitlabProject[] | undefined>;
  job(
    target: GitlabTarget,
    at: { projectId: number; jobId: number },
    options: CallOptions,
  ): Promise<GitlabJob | undefined>;
  /** Pending and running jobs of a project, newest first. */
  openJobs(
    target: GitlabTarget,
    projectId: number,
    options: CallOptions,
  ): Promise<readonly GitlabJob[] | undefined>;
  /** What the token is: its scopes, when it ends. `undefined` where the token cannot say (group tokens of old servers). */
  tokenSelf(
    target: GitlabTarget,
    options: CallOptions,
  ): Promise<{ scopes: readonly string[]; expiresAt?: number } | undefined>;
}

/** What is known of how often a server lets us ask. */
export interface GitlabPace {
  /** Requests a minute, as its answers said last (the least of our credentials); `undefined`: it has said nothing. */
  perMinute(server: string): number | undefined;
}

/** Our webhooks. */
export interface GitlabHooks {
  list(
    target: GitlabTarget,
    projectId: number,
    options: CallOptions,
  ): Promise<readonly GitlabHook[] | undefined>;
  /** Not safe to repeat blindly: list first and adopt by URL. */
  create(
    target: GitlabTarget,
    at: { projectId: number; spec: HookSpec },
    options: CallOptions,
  ): Promise<GitlabHook>;
  /** Sends every secret again (GitLab clears what is left out). Safe to repeat. `missing`: no such hook. */
  update(
    target: GitlabTarget,
    at: { projectId: number; hookId: number; spec: HookSpec },
    options: CallOptions,
  ): Promise<GitlabHook | 'missing'>;
  /** Missing is fine. */
  remove(
    target: GitlabTarget,
    at: { projectId: number; hookId: number },
    options: CallOptions,
  ): Promise<void>;
  /** Asks GitLab to send one test event, which also heals a disabled hook. */
  test(
    target: GitlabTarget,
    at: { projectId: number; hookId: number; event: string },
    options: CallOptions,
  ): Promise<void>;
}

export interface GitlabManager {
  readonly systemId: string;
  readonly contactedAt?: number;
  readonly status: string;
  readonly jobExecutionStatus?: string;
}

/** GitLab runner objects (our registrations) and their managers (our runners). */
export interface GitlabRunners {
  /** Makes one; the token is shown only here. Not safe to repeat: a lost answer leaves one without us, found by its note. */
  create(
    target: GitlabTarget,
    spec: RunnerSpec,
    options: CallOptions,
  ): Promise<{ id: number; token: Secret; expiresAt?: number }>;
  /** Runners of the scope whose maintenance note is `note` (ours of an earlier, lost answer). */
  findByNote(
    target: GitlabTarget,
    at: { scope: 'project' | 'group'; scopeId: number; note: string },
    options: CallOptions,
  ): Promise<readonly number[]>;
  update(
    target: GitlabTarget,
    at: { id: number; spec: RunnerSpec },
    options: CallOptions,
  ): Promise<'ok' | 'missing'>;
  enable(target: GitlabTarget, at: { id: number; projectId: number }, options: CallOptions): Promise<void>;
  /** Missing is fine. */
  remove(target: GitlabTarget, id: number, options: CallOptions): Promise<void>;
  managers(
    target: GitlabTarget,
    id: number,
    options: CallOptions,
  ): Promise<readonly GitlabManager[] | undefined>;
}
