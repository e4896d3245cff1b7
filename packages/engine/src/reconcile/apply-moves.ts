import type { PoolMove } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { type CallOptions, maxUnitWrites, type Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk } from '../leases/lease.ts';
import { placeOf } from '../run/place-of.ts';
import { changeWrites } from './change-runner.ts';
import { failedBootWrites, failuresOf } from './failed-boots.ts';
import { launchWrites, moveLaunch } from './launch-runner.ts';
import { createLaunchLedger, type LaunchLedger } from './limits.ts';
import type { Observed } from './observe.ts';
import { createShardChooser } from './shards.ts';
import type { Step } from './step.ts';

export interface MovesContext {
  readonly seen: Observed;
  readonly lease: Lease;
  readonly moves: readonly PoolMove[];
  readonly deploymentId: string;
}

/**
 * Writes the planner's moves in transactions that are valid alone, launches in order of need, each under the lease.
 * A unit that conflicts ends the pass: what changed makes the Egg dirty again anyway.
 */
export async function applyMoves(
  deps: InternalDeps,
  context: MovesContext,
  options: CallOptions & { trace: string },
): Promise<void> {
  const steps = await toSteps(deps, context, options);
  const ledger = createLaunchLedger(deps, context.seen);
  let batch: Step[] = [];
  const flush = async () => {
    if (batch.length > 0) await commitBatch(deps, { context, batch, ledger, trace: options.trace }, options);
    batch = [];
  };
  for (const step of steps) {
    if (sizeOf([...batch, step]) > maxUnitWrites) await flush();
    batch.push(step);
  }
  await flush();
}

async function toSteps(deps: InternalDeps, context: MovesContext, options: CallOptions): Promise<Step[]> {
  const { seen } = context;
  const steps: Step[] = [];
  const changes = new Map<string, PoolMove[]>();
  for (const move of context.moves) {
    if (move.kind !== 'launch') changes.set(move.runnerId, [...(changes.get(move.runnerId) ?? []), move]);
  }
  for (const [id, moves] of changes) {
    const row = seen.runners.get(id);
    if (row) steps.push(changeWrites(deps, { row, moves }));
  }
  const shards = createShardChooser(deps, context, options);
  const waiting = [...seen.runners.values()].filter(
    ({ id, state, made }) => state === 'requested' && !made && !changes.has(id),
  );
  for (const row of waiting) {
    if (await shards.suits(row.shard, placeOf(row))) continue;
    steps.push(moveLaunch(deps, { row, shard: await shards.choose(placeOf(row)) }));
  }
  const { provider, region } = seen.config.cloud;
  const place = placeOf({ cloud_provider: provider, region });
  for (const move of context.moves) {
    if (move.kind !== 'launch') continue;
    const shard = await shards.choose(place);
    steps.push(launchWrites(deps, { seen, move, shard, deploymentId: context.deploymentId }));
  }
  return steps;
}

function sizeOf(steps: readonly Step[]): number {
  const shards = new Set(steps.flatMap(({ shard }) => (shard === undefined ? [] : [shard])));
  const leaseCheck = 1;
  const failures = 2;
  const ledger = 1;
  return steps.reduce((sum, { writes }) => sum + writes.length, leaseCheck + failures + ledger + shards.size);
}

async function commitBatch(
  deps: InternalDeps,
  at: { context: MovesContext; batch: readonly Step[]; ledger: LaunchLedger; trace: string },
  options: CallOptions,
): Promise<void> {
  const egg = at.context.seen.egg.name;
  const shards = new Set(at.batch.flatMap(({ shard }) => (shard === undefined ? [] : [shard])));
  const wakes = [...shards].map((shard) =>
    outboxWrite({ kind: 'run', key: `${egg}#${shard}`, trace: at.trace }, deps),
  );
  const failed = at.batch.flatMap(({ failedBoot }) => failedBoot ?? []);
  const unit: Write[] = [at.context.lease.check(), ...at.batch.flatMap(({ writes }) => writes), ...wakes];
  const launched = at.batch.filter(({ isLaunch }) => isLaunch).length;
  unit.push(...at.ledger.writes(launched));
  const failures = failuresOf(failed, at.context.seen.egg);
  if (failures > 0) {
    const key = { table: 'egg_state', partition: egg } as const;
    const set = { failed_at: deps.clock.now() };
    unit.push({ kind: 'update', key, add: { failures }, set, when: { kind: 'any' } });
  }
  const ofThis = failed.filter(({ deploymentId }) => deploymentId === at.context.deploymentId);
  unit.push(...(await failedBootWrites(deps, { egg, failed: ofThis }, options)));
  requireOk(await deps.store.commit(unit, options), `the runners of ${egg}`);
  at.ledger.written(launched);
  for (const { booted } of at.batch) {
    if (booted === undefined) continue;
    deps.metrics.bootStage('boot', booted.bootMs / 1000);
    deps.metrics.bootStage('total', booted.totalMs / 1000);
  }
  if (wakes.length > 0) deps.queue.wake();
}
