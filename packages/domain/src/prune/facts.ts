import type { PoolLimits } from '../egg.ts';
import type { EggName, RunnerId } from '../names.ts';
import type { MarkAction, UglyFoxConfig } from '../policies.ts';
import type { RunnerState } from '../states.ts';

export interface PruneRunner {
  readonly id: RunnerId;
  readonly egg: EggName;
  readonly type: string;
  readonly state: RunnerState;
  readonly pool: 'apex' | 'nadir';
  readonly createdAt: number;
  /** Since when it has had no job; absent while it has one or has not booted. */
  readonly idleSince?: number;
  readonly failureCount: number;
  readonly jobCount: number;
  readonly cpuUsage?: number;
  readonly memoryUsage?: number;
  readonly diskUsage?: number;
  /** Silent or unheard: nothing is decided about it here. */
  readonly isUnknown: boolean;
}

/** A compiled policy rule: true, false, or why it could not be evaluated (then it is skipped and reported). */
export interface CompiledRule {
  readonly name: string;
  readonly action: MarkAction;
  matches(facts: Readonly<Record<string, string | number | boolean>>): boolean | { readonly problem: string };
}

export interface PruneFacts {
  readonly now: number;
  readonly egg: EggName;
  readonly limits: PoolLimits;
  readonly idleTimeoutMs: number;
  readonly config: UglyFoxConfig;
  readonly rules: readonly CompiledRule[];
  readonly runners: readonly PruneRunner[];
  /** Jobs waiting for this Egg: nothing idle is pruned while one does. */
  readonly waitingJobs: number;
}

export interface PruneMark {
  readonly runnerId: RunnerId;
  readonly action: MarkAction;
  /** `idle_timeout`, `max_age`, `failed_threshold`, `nadir_idle_timeout` or the policy rule's name. */
  readonly rule: string;
  readonly why: string;
}

export interface PruneDecision {
  readonly marks: readonly PruneMark[];
  readonly problems: readonly { readonly rule: string; readonly problem: string }[];
}
