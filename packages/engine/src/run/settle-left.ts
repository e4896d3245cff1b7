import type { CallOptions, RunRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { requireOk } from '../leases/lease.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, member, memberWrite } from '../rows/writes.ts';
import { leftPlanWrites } from './run-row.ts';

/**
 * Ends what an earlier holder of this shard left behind: its process, its state lock, its run row. What it did to the
 * machines is then seen by the next plan. `alive`: it may still run; try again later.
 */
export async function settleLeft(
  deps: InternalDeps,
  at: { egg: string; shard: number; lease: Lease },
  options: CallOptions,
): Promise<'settled' | 'alive'> {
  const runId = at.lease.leftRunId;
  if (runId === undefined) return 'settled';
  const run = await getRow(deps.store, { ...typed.runs, key: { partition: runId } }, options);
  if (run && run.state !== 'settled') {
    const left = {
      runId,
      egg: at.egg,
      shard: at.shard,
      host: run.host,
      hostId: run.host_id,
      bootId: run.boot_id,
      pid: run.pid,
      hardEndAt: run.hard_end_at,
    };
    if ((await deps.tofu.settle(left, options)) === 'alive') {
      deps.log.warn('an earlier OpenTofu run may still be alive; waiting for its end', {
        egg: at.egg,
        runId,
      });
      return 'alive';
    }
    await closeRow(deps, { ...at, run }, options);
  }
  return 'settled';
}

async function closeRow(
  deps: InternalDeps,
  at: { egg: string; shard: number; lease: Lease; run: RunRow },
  options: CallOptions,
): Promise<void> {
  const { id: runId, state } = at.run;
  const key = { table: 'runs', partition: runId } as const;
  const why = 'its holder is gone; the next plan shows what it did';
  const details = { egg: at.egg, before: state, why };
  const unit = [
    at.lease.noteRun(undefined),
    { kind: 'update', key, set: { state: 'settled' }, when: { kind: 'present' } } as const,
    memberWrite(at.egg, member.run(at.shard, runId), undefined),
    ...leftPlanWrites(deps, at.run, why),
    auditWrite({ actor: 'run', action: 'settle', resourceType: 'run', resourceId: runId, details }, deps),
  ];
  requireOk(await deps.store.commit(unit, options), `run ${runId}`);
  deps.metrics.run('unknown');
  deps.log.warn('a run left by an earlier holder was settled', { egg: at.egg, runId });
}
