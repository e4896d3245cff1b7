import type { RunnerState } from '@polar-gosling/domain';
import type { RunnerRow } from '@polar-gosling/ports/store';
import type { TofuOutcome } from '@polar-gosling/ports/tofu';
import type { AgentSeen } from './agents-seen.ts';
import type { RowChange } from './row-changes.ts';
import type { ShardWork } from './shard-work.ts';
import { hasLeft } from './shared-parts.ts';
import { isInvocation } from './strays.ts';

/**
 * What an apply that ended by itself means for its runners. A create that failed without a machine closes its runner
 * id; one that left something behind is `failed` first, so that it goes by a delete of its own. Pure.
 */
export function outcomeChanges(at: {
  work: ShardWork;
  rows: readonly RunnerRow[];
  outcome: Exclude<TofuOutcome, { kind: 'unknown' }>;
  /** Addresses in the state after a failed apply. */
  inState: ReadonlySet<string> | undefined;
  /** Those of runners that are still being made. */
  agents?: ReadonlyMap<string, AgentSeen>;
  /** Addresses of what they shared that was to be removed, and is still in the state. */
  left?: readonly string[];
  /** The next launch asks elsewhere for capacity. */
  isElsewhere?: boolean;
}): readonly RowChange[] {
  return at.rows.flatMap((row) => {
    const change = at.work.kind === 'create' ? created(row, at) : removed(row, at);
    return change === undefined ? [] : [change];
  });
}

type Ended = Pick<
  Parameters<typeof outcomeChanges>[0],
  'outcome' | 'inState' | 'agents' | 'left' | 'isElsewhere'
>;

function created(row: RunnerRow, ended: Ended): RowChange | undefined {
  const { outcome, inState, agents } = ended;
  // A failed apply tells no outputs. Its record is found by the next plan, which sends it.
  if (outcome.kind === 'failed' && isInvocation(row) && inState?.has(row.address)) return undefined;
  if (outcome.kind === 'ok' || outcome.applied.includes(row.address)) {
    // Reconcile may have moved it on meanwhile: its agent can be at work before the slowest of this apply is made.
    const to = row.state === 'provisioning' ? 'booting' : row.state;
    return { row, to, made: true, why: 'its machine was made' };
  }
  if (inState?.has(row.address)) {
    const why = `its create failed half-way: ${outcome.summary}`;
    return { row, to: afterHalf(row.state), made: true, isTainted: true, ...excuse(ended), why };
  }
  if (isHeard(row.state)) return { row, to: row.state, made: true, why: 'its agent is at work' };
  if (row.cloud_provider !== 'local') {
    // What a cloud answers with an error may have been made all the same.
    const agent = agents?.get(row.id);
    if (agent?.hasLoggedIn) {
      const why = 'its agent has logged in, though its create failed: it lives on';
      return { row, to: 'booting', made: true, isVanished: true, why };
    }
    const why = `its create failed: ${outcome.summary}; its machine may exist`;
    const doubtful = { isDoubtful: true, agentVersion: agent?.version, ...excuse(ended) };
    return { row, to: afterHalf(row.state), made: true, ...doubtful, why };
  }
  const why = `its create failed without a machine: ${outcome.summary}`;
  return { row, to: 'terminated', ...excuse(ended), why };
}

const excused: ReadonlySet<string> = new Set(['retryable', 'quota', 'fallback']);

function excuse({ outcome, isElsewhere }: Ended): Pick<RowChange, 'isExcused' | 'isElsewhere'> {
  if (outcome.kind !== 'failed' || !excused.has(outcome.class)) return {};
  return { isExcused: true, ...(isElsewhere ? { isElsewhere: true } : {}) };
}

/** It goes by a delete of its own; one that is at work finishes its jobs first. */
function afterHalf(state: RunnerState): RunnerState {
  if (state === 'idle' || state === 'active') return 'draining';
  return state === 'provisioning' || state === 'booting' ? 'failed' : state;
}

function isHeard(state: RunnerState): boolean {
  return state === 'idle' || state === 'active' || state === 'draining';
}

function removed(row: RunnerRow, { outcome, inState, left = [] }: Ended): RowChange | undefined {
  if (outcome.kind === 'failed' && hasLeft(row, left)) return undefined;
  const isGone =
    outcome.kind === 'ok' || outcome.removed.includes(row.address) || inState?.has(row.address) === false;
  return isGone ? { row, to: 'terminated', why: 'its machine was removed' } : undefined;
}
