/** One row of a state table: where it may go, and how long it may stay before the planner acts. */
export interface StateRule<State extends string> {
  readonly to: readonly State[];
  /** Ms it may last; `undefined` where waiting is right (the reason stands in the comment of the row). */
  readonly deadlineMs: number | undefined;
}

export type StateTable<State extends string> = Readonly<Record<State, StateRule<State>>>;

export type RunnerState =
  | 'requested'
  | 'provisioning'
  | 'booting'
  | 'idle'
  | 'active'
  | 'draining'
  | 'terminating'
  | 'terminated'
  | 'failed';

const minuteMs = 60_000;

/** How long a machine may take to boot: as long as its one-time token lives. */
export const bootMs = 10 * minuteMs;

/** Life of a runner. `pool` (apex | nadir) is a column beside it. */
export const runnerStates: StateTable<RunnerState> = {
  /** Row written, not yet in an apply. A waiting removal or a missing OpenTofu may hold it. */
  requested: { to: ['provisioning', 'failed', 'terminated'], deadlineMs: 15 * minuteMs },
  /** In a running apply: ends at the run's hard end. */
  provisioning: { to: ['booting', 'failed', 'terminated'], deadlineMs: 25 * minuteMs },
  /** Machine made, agent not yet heard: as long as the one-time token lives. */
  booting: { to: ['idle', 'active', 'draining', 'failed'], deadlineMs: bootMs },
  /** Takes jobs. UglyFox decides how long. */
  idle: { to: ['active', 'draining', 'failed'], deadlineMs: undefined },
  /** Runs a job: as long as the job may last. */
  active: { to: ['idle', 'draining', 'failed'], deadlineMs: undefined },
  /** Finishes its jobs; a job may be long, so nothing is forced here. */
  draining: { to: ['terminating', 'failed'], deadlineMs: undefined },
  /** Waits for the apply that removes it. */
  terminating: { to: ['terminated'], deadlineMs: 30 * minuteMs },
  terminated: { to: [], deadlineMs: undefined },
  /** Something of it may still exist: its removal comes next. */
  failed: { to: ['terminating', 'terminated'], deadlineMs: minuteMs },
};

export type RunState = 'planning' | 'planned' | 'applying' | 'applied' | 'failed' | 'unknown' | 'settled';

/** Life of one OpenTofu run. */
export const runStates: StateTable<RunState> = {
  planning: { to: ['planned', 'failed', 'unknown'], deadlineMs: 10 * minuteMs },
  planned: { to: ['applying', 'settled', 'failed', 'unknown'], deadlineMs: 5 * minuteMs },
  applying: { to: ['applied', 'failed', 'unknown'], deadlineMs: 25 * minuteMs },
  applied: { to: ['settled'], deadlineMs: minuteMs },
  failed: { to: ['settled'], deadlineMs: minuteMs },
  /** Its holder is gone: the next holder looks at what exists, then settles it. */
  unknown: { to: ['settled'], deadlineMs: 30 * minuteMs },
  settled: { to: [], deadlineMs: undefined },
};

export type DeploymentState = 'running' | 'succeeded' | 'failed' | 'rolled_back' | 'superseded';

/** Life of a deployment: a change of `machine_hash` until it has proved itself. */
export const deploymentStates: StateTable<DeploymentState> = {
  /** Waits for a job, which may take days to come. */
  running: { to: ['succeeded', 'failed', 'rolled_back', 'superseded'], deadlineMs: undefined },
  succeeded: { to: ['rolled_back', 'superseded'], deadlineMs: undefined },
  failed: { to: ['rolled_back', 'superseded', 'succeeded'], deadlineMs: undefined },
  /** A long-lived set comes back to it when its pin is lifted. */
  rolled_back: { to: ['superseded', 'succeeded'], deadlineMs: undefined },
  /** A long-lived set is rolled back to it. */
  superseded: { to: ['succeeded'], deadlineMs: undefined },
};

export type PlanStatus = 'pending' | 'applying' | 'applied' | 'failed' | 'discarded' | 'rolled_back';

/** Life of a plan row. */
export const planStates: StateTable<PlanStatus> = {
  /** Armed: kept to be applied, for a day. */
  pending: { to: ['applying', 'discarded', 'failed'], deadlineMs: 26 * 60 * minuteMs },
  applying: { to: ['applied', 'failed'], deadlineMs: 30 * minuteMs },
  applied: { to: ['rolled_back'], deadlineMs: undefined },
  failed: { to: [], deadlineMs: undefined },
  discarded: { to: [], deadlineMs: undefined },
  rolled_back: { to: [], deadlineMs: undefined },
};

/** May it go from `from` to `to`? Staying is always allowed. */
export function mayMove<State extends string>(table: StateTable<State>, from: State, to: State): boolean {
  return from === to || table[from].to.includes(to);
}

/** When the state must have been left, given when it was entered. */
export function deadlineOf<State extends string>(
  table: StateTable<State>,
  state: State,
  enteredAt: number,
): number | undefined {
  const { deadlineMs } = table[state];
  return deadlineMs === undefined ? undefined : enteredAt + deadlineMs;
}

/** Does the runner still (or soon) stand for a machine? */
export function isLive(state: RunnerState): boolean {
  return state !== 'terminated';
}
