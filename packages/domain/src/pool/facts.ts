import type { PoolLimits } from '../egg.ts';
import type { EggName, RegistrationId, RunnerId } from '../names.ts';
import type { MarkAction } from '../policies.ts';
import type { RunnerState } from '../states.ts';

/** What an agent last said of itself. */
export type AgentState =
  | 'booting'
  | 'idle'
  | 'active'
  | 'parked'
  | 'draining'
  | 'drained'
  | 'finished'
  | 'stopping';

export type Desired = 'run' | 'park' | 'drain' | 'stop';

/** One live runner as the planner sees it: its row, its agent's row, its mark, what GitLab and the cloud say. */
export interface RunnerFacts {
  readonly id: RunnerId;
  readonly state: RunnerState;
  readonly pool: 'apex' | 'nadir';
  readonly registrationId: RegistrationId;
  readonly machineHash: string;
  readonly createdAt: number;
  /** When the state was entered. */
  readonly stateSince: number;
  readonly deadlineAt?: number;
  /** Its address has existed in OpenTofu. */
  readonly made: boolean;
  readonly desired: Desired;
  /** Absent: the agent has never been heard. */
  readonly agent?: {
    readonly state: AgentState;
    readonly lastHeartbeat: number;
    readonly runningJobs: number;
    readonly jobsDone: number;
    /** Since when it has had no job; absent while it has one. */
    readonly idleSince?: number;
    /** A cpu or memory threshold was passed in 3 reports: it counts as full, nothing else. */
    readonly isFull?: boolean;
  };
  readonly failureCount: number;
  /** `at`: when it was set; a mark of idleness older than the runner's last job is void. */
  readonly mark?: {
    readonly action: MarkAction;
    readonly rule: string;
    readonly by: string;
    readonly at?: number;
  };
  /** The key it was launched under. */
  readonly launchKey?: string;
  /** Asked for by a person: it needs no waiting job to be made. */
  readonly isByHand?: boolean;
  readonly unknownSince?: number;
  /** Proofs collected for a silent runner; absent: not asked. */
  readonly proof?: { readonly gitlabIdle?: boolean; readonly cloud?: 'running' | 'gone' | 'unknown' };
}

/** A pending CI job whose demand this Egg is. */
export interface WaitingJob {
  /** `server#project#job`. */
  readonly key: string;
  readonly queuedAt: number;
  readonly registrationId: RegistrationId;
  /** Launches already made for it that came to nothing: the next one gets a key of its own. */
  readonly attempts?: number;
}

export interface PoolFacts {
  readonly now: number;
  readonly egg: EggName;
  readonly limits: PoolLimits;
  readonly concurrent: number;
  readonly jobsPerRunner: number;
  readonly maxJobs?: number;
  /** Of the configuration (or the pin) in force. */
  readonly machineHash: string;
  readonly heartbeatMs: number;
  readonly waiting: readonly WaitingJob[];
  readonly runners: readonly RunnerFacts[];
  readonly frozen: boolean;
  /** Its configuration cannot be launched here: none is, and none that lives is replaced. What ends goes as ever. */
  readonly isRefused?: boolean;
  /** No launches before this time (a failed boot's back-off). */
  readonly backoffUntil?: number;
  /** At most so many runners may be starting at once: 1 while a failed deployment is tried again. */
  readonly maxStarting?: number;
  /** At most so many launches now: what limits outside the Nest leave. Absent: no limit. */
  readonly mayLaunch?: number;
  /** Launches already made to keep runners warm; see `WaitingJob.attempts`. */
  readonly warmAttempts?: number;
  /** Egg was removed from the Nest: drain all, launch nothing. */
  readonly isLeaving: boolean;
  /** Registration for warm runners of `apex.min_count`; the Egg's first. */
  readonly firstRegistration?: RegistrationId;
  /** Share (0…1] of runners with an old machine_hash that may be drained at once. */
  readonly replaceShare: number;
}

/** One change the planner wants. The engine turns each into rows and an audit line, in this order. */
export type PoolMove =
  | {
      readonly kind: 'launch';
      readonly registrationId: RegistrationId;
      /** Same key ⇒ same launch, however often the decision is repeated. */
      readonly launchKey: string;
      readonly pool: 'apex' | 'nadir';
      readonly why: string;
      readonly rule: string;
    }
  | {
      readonly kind: 'move';
      readonly runnerId: RunnerId;
      readonly to: RunnerState;
      readonly why: string;
      readonly rule: string;
    }
  | {
      readonly kind: 'desire';
      readonly runnerId: RunnerId;
      readonly desired: Desired;
      readonly why: string;
      readonly rule: string;
    }
  | {
      readonly kind: 'tier';
      readonly runnerId: RunnerId;
      readonly pool: 'apex' | 'nadir';
      readonly why: string;
      readonly rule: string;
    }
  | {
      readonly kind: 'unknown';
      readonly runnerId: RunnerId;
      /** Start of the silence; `undefined`: heard again. */
      readonly since: number | undefined;
      readonly why: string;
      readonly rule: string;
    };

export interface PoolPlan {
  readonly moves: readonly PoolMove[];
  /** Jobs that can be taken now or soon without a launch, for `why`. */
  readonly capacity: { readonly now: number; readonly starting: number; readonly max: number };
  /** What each waiting job waits for: machine-readable, for `why` and `job_wait_seconds{cause}`. */
  readonly blocked: readonly { readonly jobKey: string; readonly cause: WaitCause }[];
  /** A launch that is due is held by `mayLaunch`. */
  readonly isHeldByLimits?: true;
  /** When to look again although nothing happened (deadlines, back-off). */
  readonly lookAgainAt?: number;
}

/** Why a CI job waits; also the label of `job_wait_seconds`. */
export type WaitCause =
  | 'no_matching_egg'
  | 'starting_runner'
  | 'egg_full'
  | 'frozen'
  | 'backoff'
  | 'runner_idle_not_taken'
  | 'not_seen_yet'
  | 'deployment_failed'
  | 'limits';
