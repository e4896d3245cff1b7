import type { Candidate, CiJobStatus, EggRoom } from '../demand/facts.ts';
import type { EggName, RunnerId } from '../names.ts';
import type { WaitCause } from '../pool/facts.ts';
import type { RunnerState } from '../states.ts';

/** A runner on its way that this job may get. */
export interface StartingRunner {
  readonly id: RunnerId;
  readonly state: RunnerState;
  readonly stateSince: number;
  readonly deadlineAt?: number;
}

/** What is known about one CI job, for the answer to "why does it wait?". */
export interface WaitFacts {
  readonly now: number;
  /** Absent: we have never seen it. */
  readonly job?: {
    readonly status: CiJobStatus;
    readonly tags: readonly string[];
    readonly queuedAt: number;
    readonly startedAt?: number;
    readonly finishedAt?: number;
    /** The runner of ours that took it. */
    readonly runnerId?: RunnerId;
    readonly failureReason?: string;
  };
  readonly candidates: readonly Candidate[];
  readonly rooms: readonly EggRoom[];
  /** Whose demand it is, and what the planner last said of it. */
  readonly egg?: EggName;
  readonly cause?: WaitCause;
  readonly starting: readonly StartingRunner[];
  readonly backoffUntil?: number;
  /** Machines that cannot be removed, when that is what launches wait for. */
  readonly stuckMachines?: number;
  /** When the planner, or the sweep of its project, looks again. */
  readonly lookAgainAt?: number;
  readonly sweepAt?: number;
  /** Trouble of the Egg or the project beside the cause, such as a hook that GitLab switched off. */
  readonly problems: readonly WaitBlocker[];
}

export type WaitVerdict = 'running' | 'waiting' | 'unmatched' | 'unknown' | 'done';

export interface WaitStep {
  readonly at?: number;
  readonly what: string;
  readonly detail: string;
  readonly ok: boolean;
}

export interface WaitBlocker {
  readonly code: string;
  readonly detail: string;
  readonly fix: string;
}

/** The answer of `gosling why`; the API writes it in wire names. */
export interface WaitAnswer {
  readonly verdict: WaitVerdict;
  /** Since when the verdict holds. */
  readonly since?: number;
  readonly steps: readonly WaitStep[];
  readonly candidates: readonly {
    readonly egg: EggName;
    readonly matches: boolean;
    readonly missingTags: readonly string[];
    readonly room?: number;
    /** Its place among the Eggs the job would choose, from 1. */
    readonly order?: number;
    readonly refusedBecause?: string;
  }[];
  readonly next?: { readonly what: string; readonly atLatest?: number };
  readonly blockers: readonly WaitBlocker[];
}
