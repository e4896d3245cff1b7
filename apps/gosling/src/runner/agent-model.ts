import type { Desired } from '@polar-gosling/domain';

/** What the back end allows; times in ms, `lifeEndsAt` on the agent's monotonic clock. */
export interface AgentLimits {
  /** After SIGTERM: how long jobs may go on. */
  readonly drainMs: number;
  /** Silence after which an idle agent ends itself. */
  readonly idlePoweroffMs: number;
  /** Silence during which jobs are still taken. */
  readonly silentAcceptMs: number;
  readonly lifeEndsAt: number;
  readonly maxJobs: number | undefined;
  /** How long `gitlab-runner` may take to abort its jobs before it is killed. */
  readonly abortMs: number;
}

/** How hard `gitlab-runner` was told to end; it only ever rises. */
export type Told = 'nothing' | 'quit' | 'term' | 'kill';

export type ChildFacts =
  | { readonly kind: 'down'; readonly retryAt: number }
  | {
      readonly kind: 'up';
      readonly since: number;
      /** It has answered on its metrics port. */
      readonly isReady: boolean;
      readonly told: Told;
      readonly toldAt: number;
    };

/** Everything a decision of the agent is made of. Times are monotonic ms. */
export interface AgentModel {
  readonly desired: Desired;
  /** When the back end last answered. */
  readonly heardAt: number;
  /** 401 or 404: nobody we know of wants us. */
  readonly isDisowned: boolean;
  /** 410: our machine is counted as removed. */
  readonly isTerminated: boolean;
  /** SIGTERM and the like: how often, and when first. */
  readonly signals: number;
  readonly signalledAt: number;
  /** The agent itself cannot be relied on any more. */
  readonly hasFailed: boolean;
  readonly jobs: number;
  readonly jobsStarted: number;
  readonly jobsDone: number;
  /** Failures of the runner in a row, never of a job's script. */
  readonly failures: number;
  /** Unasked ends of `gitlab-runner` in a row, for the back-off. */
  readonly crashes: number;
  readonly child: ChildFacts;
  readonly isOver: boolean;
}

export type AgentEvent =
  | { readonly kind: 'answered'; readonly desired: Desired }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly status: 401 | 404 | 410 }
  | {
      readonly kind: 'observed';
      readonly jobs: number;
      /** Since the child was started. */
      readonly newlyStarted: number;
      readonly newlyDone: number;
      readonly newlyBroken: number;
    }
  | { readonly kind: 'child_exited' }
  | { readonly kind: 'signalled' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'tick' };

export type AgentAction =
  | { readonly kind: 'start' }
  | { readonly kind: 'signal'; readonly told: Exclude<Told, 'nothing'> }
  /** The state that is reported has changed: say so at once. */
  | { readonly kind: 'report' }
  | { readonly kind: 'exit'; readonly why: string };

export function newAgent(now: number): AgentModel {
  return {
    desired: 'run',
    heardAt: now,
    isDisowned: false,
    isTerminated: false,
    signals: 0,
    signalledAt: 0,
    hasFailed: false,
    jobs: 0,
    jobsStarted: 0,
    jobsDone: 0,
    failures: 0,
    crashes: 0,
    child: { kind: 'down', retryAt: now },
    isOver: false,
  };
}
