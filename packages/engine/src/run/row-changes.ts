import { deadlineOf, type RunnerState, runnerStates } from '@polar-gosling/domain';
import {
  type CallOptions,
  type EggConfigRow,
  maxUnitWrites,
  type Row,
  type RunnerRow,
  type Write,
} from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { requireOk } from '../leases/lease.ts';
import { failedBootWrites, failuresOf } from '../reconcile/failed-boots.ts';
import type { FailedBoot } from '../reconcile/step.ts';
import { auditWrite, dirtyWrites, member, memberWrite } from '../rows/writes.ts';

const terminatedKeptMs = 30 * 86_400_000;

/** A runner's new state as a run found or made it. */
export interface RowChange {
  readonly row: RunnerRow;
  readonly to: RunnerState;
  readonly made?: boolean;
  readonly why: string;
  /** Half of it exists. */
  readonly isTainted?: true;
  /** It lives, and OpenTofu's state does not know it. */
  readonly isVanished?: true;
  /** Its cloud said, when the state was compared with it, that its machine is gone. */
  readonly isGone?: true;
  /** Whether its machine exists is not known (any more, when `false`). */
  readonly isDoubtful?: boolean;
  /** Version of the agent's row that this was decided by: it holds only while that is so. */
  readonly agentVersion?: number | undefined;
  /** What kept it from being made may do so with any deployment (no capacity, a quota). */
  readonly isExcused?: true;
  /** The next launch asks for its machine elsewhere. */
  readonly isElsewhere?: true;
  /** The 10 minutes of its one-time token begin now. */
  readonly startsBootstrap?: boolean;
}

/** Writes what a run did to its runners, under the run's lease, and makes the Egg look again. */
export async function writeRowChanges(
  deps: InternalDeps,
  at: {
    egg: Pick<EggConfigRow, 'name' | 'config_hash'>;
    lease: Lease;
    runId: string;
    trace: string;
    changes: readonly RowChange[];
  },
  options: CallOptions,
): Promise<void> {
  let batch: Write[] = [];
  let failed: FailedBoot[] = [];
  const egg = at.egg.name;
  const flush = async () => {
    if (batch.length === 0) return;
    const dirty = dirtyWrites(egg, { trace: at.trace, failures: failuresOf(failed, at.egg) }, deps);
    const counts = await failedBootWrites(deps, { egg, failed }, options);
    const unit = [at.lease.check(), ...batch, ...dirty, ...counts];
    requireOk(await deps.store.commit(unit, options), `the runners of run ${at.runId}`);
    batch = [];
    failed = [];
  };
  // The lease, the two that make the Egg look again, and the count of each change's deployment.
  const fixed = () => 3 + new Set(failed.map(({ deploymentId }) => deploymentId)).size + 1;
  for (const change of at.changes) {
    const writes = changeWrites(deps, { change, runId: at.runId });
    if (fixed() + batch.length + writes.length > maxUnitWrites) await flush();
    batch.push(...writes);
    if (isFailedLaunch(change)) failed.push(failedBootOf(change));
  }
  await flush();
  if (at.changes.length > 0) deps.queue.wake();
}

function changeWrites(deps: InternalDeps, at: { change: RowChange; runId: string }): Write[] {
  const { row, to, made, why, startsBootstrap, isVanished, agentVersion } = at.change;
  const now = deps.clock.now();
  const metadata = metadataAfter(at.change, now);
  const set: Row = {
    state: to,
    state_since: row.state === to ? row.state_since : now,
    deadline_at: row.state === to && !startsBootstrap ? row.deadline_at : deadlineOf(runnerStates, to, now),
    ...(made === undefined ? {} : { made }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(to === 'terminated' ? { expires_at: now + terminatedKeptMs } : {}),
  };
  const writes: Write[] = [
    {
      kind: 'update',
      key: { table: 'runners', partition: row.id },
      set,
      when: { kind: 'version', version: row.version },
    },
    memberWrite(row.egg_name, member.runner(row.id), to === 'terminated' ? undefined : to),
    auditWrite(
      {
        actor: 'run',
        action: isVanished ? 'vanished' : to,
        resourceType: 'runner',
        resourceId: row.id,
        details: { egg: row.egg_name, before: { state: row.state }, why, runId: at.runId },
      },
      deps,
    ),
  ];
  const agent = { table: 'runner_agents', partition: row.id } as const;
  if (agentVersion !== undefined) {
    writes.push({ kind: 'check', key: agent, when: { kind: 'version', version: agentVersion } });
  }
  if (startsBootstrap) {
    writes.push({ kind: 'update', key: agent, set: { bootstrap_from: now }, when: { kind: 'present' } });
  }
  if (to === 'terminated') {
    const set = { expires_at: now + terminatedKeptMs };
    writes.push({ kind: 'update', key: agent, set, when: { kind: 'present' } });
    writes.push({ kind: 'delete', key: { table: 'marks', partition: row.id }, when: { kind: 'any' } });
  }
  return writes;
}

/** What is known of its machine beside the state; `undefined`: nothing new. */
function metadataAfter(change: RowChange, now: number): RunnerRow['metadata'] | undefined {
  const { row, isTainted, isVanished, isDoubtful } = change;
  if (isTainted === undefined && isVanished === undefined && isDoubtful === undefined) return undefined;
  const { doubtful_since: _since, vanished: _vanished, ...known } = row.metadata ?? {};
  if (isDoubtful === false) return { ...known, ...(isTainted ? { tainted: true } : {}) };
  return {
    ...row.metadata,
    ...(isTainted ? { tainted: true } : {}),
    ...(isVanished ? { vanished: true } : {}),
    ...(change.isGone ? { gone: true } : {}),
    ...(isDoubtful ? { doubtful_since: now } : {}),
  };
}

/** It was to be made and was not. */
function isFailedLaunch({ row, to }: RowChange): boolean {
  return row.state === 'provisioning' && (to === 'failed' || to === 'terminated');
}

function failedBootOf({ row, isExcused, isElsewhere }: RowChange): FailedBoot {
  return {
    configHash: row.config_hash,
    deploymentId: row.deployment_id,
    isExcused: isExcused === true,
    ...(isElsewhere ? { isElsewhere } : {}),
  };
}
