import type { Clock, IdSource } from '@polar-gosling/kernel';
import type { Wakeups } from './coordinator/wakeups.ts';
import type { Faults } from './faults.ts';
import type { HookTrigger } from './state/hook.ts';
import type { Job, Pipeline } from './state/job.ts';
import type { World } from './state/world.ts';

/** How this GitLab behaves; every value has a default. */
export interface SimSettings {
  /** Shown as the server's version. */
  readonly version: string;
  /** How long `POST jobs/request` waits for a job; 0 answers at once, as a GitLab without Workhorse's long poll. */
  readonly longPollMs: number;
  /**
   * A running job whose runner said nothing for this long fails as `runner_system_failure`. Stands in for GitLab's
   * worker for stuck jobs, which takes an hour.
   */
  readonly jobSilenceMs: number;
  /** `X-GitLab-Trace-Update-Interval`, in seconds. */
  readonly traceIntervalS: number;
  /** Are failing webhooks disabled (GitLab.com) or not (self-managed default)? */
  readonly autoDisableHooks: boolean;
  readonly hookTimeoutMs: number;
  /** Trusted besides the public authorities when hooks are sent over TLS. */
  readonly hookCaPem: string | undefined;
}

/** What every part of the simulator works with. */
export interface SimContext {
  readonly world: World;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly settings: SimSettings;
  readonly faults: Faults;
  readonly events: SimEvents;
  /** Wakes long polls when a job became pending. */
  readonly jobQueue: Wakeups;
  /** Aborted by `close()`. */
  readonly signal: AbortSignal;
  baseUrl(): string;
}

/** State changes, for webhooks and for listeners of the control surface. */
export interface SimEvents {
  onJob(listener: (job: Job) => void): () => void;
  onPipeline(listener: (pipeline: Pipeline) => void): () => void;
  onHook(listener: (event: HookEvent) => void): () => void;
  jobChanged(job: Job): void;
  pipelineChanged(pipeline: Pipeline): void;
  /** Something without a state of its own happened (a push). */
  happened(event: HookEvent): void;
}

export interface HookEvent {
  readonly projectId: number;
  readonly trigger: HookTrigger;
  readonly payload: object;
}

export function createSimEvents(): SimEvents {
  const jobListeners = new Set<(job: Job) => void>();
  const pipelineListeners = new Set<(pipeline: Pipeline) => void>();
  const hookListeners = new Set<(event: HookEvent) => void>();
  return {
    onJob: (listener) => subscribe(jobListeners, listener),
    onPipeline: (listener) => subscribe(pipelineListeners, listener),
    onHook: (listener) => subscribe(hookListeners, listener),
    jobChanged: (job) => {
      for (const listener of jobListeners) listener(job);
    },
    pipelineChanged: (pipeline) => {
      for (const listener of pipelineListeners) listener(pipeline);
    },
    happened: (event) => {
      for (const listener of hookListeners) listener(event);
    },
  };
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
