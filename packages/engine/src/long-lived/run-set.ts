import { isCoded, toProblem } from '@polar-gosling/kernel';
import { readContent } from '@polar-gosling/ports/blobs';
import {
  type CallOptions,
  type DeploymentRow,
  type PlanRow,
  storeErrors,
  type Write,
} from '@polar-gosling/ports/store';
import {
  type BundleFiles,
  type TofuPlan,
  type TofuRunRequest,
  unpackBundle,
} from '@polar-gosling/ports/tofu';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { commitUnderLease, type Lease, withLease } from '../leases/lease.ts';
import { closeRun, endUnknown, finishRun } from '../run/end-run.ts';
import { moveRun, type PlanFacts, planWrite } from '../run/run-row.ts';
import { settleLeft } from '../run/settle-left.ts';
import type { ShardOutcome } from '../run/shard-outcome.ts';
import { type OpenedRun, withRun } from '../run/with-run.ts';
import { followActiveTofu } from '../tools/follow-active.ts';
import { type ArmedBy, whyNotApplied, whyNotOpened } from './armed-plan.ts';
import { readSet, type SetView } from './read-set.ts';
import { armedWrites, broughtWrites, discardWrites } from './set-rows.ts';
import { type LongLivedSet, shardOfSet } from './sets.ts';

interface SetContext {
  readonly set: SetView;
  readonly lease: Lease;
}

/** Brings what is wanted of a set into force, with the armed plan where it leads there; then arms the plan back. */
export async function runSet(
  deps: InternalDeps,
  name: LongLivedSet,
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const leased = { name: `egg/${name}/${shardOfSet}`, watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, leased, (lease) =>
    underLease(deps, { name, lease }, { ...options, signal: lease.signal }),
  );
  return outcome.kind === 'busy' ? 'busy' : outcome.result;
}

async function underLease(
  deps: InternalDeps,
  { name, lease }: { name: LongLivedSet; lease: Lease },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const left = { egg: name, shard: shardOfSet, lease };
  if ((await settleLeft(deps, left, options)) === 'alive') return 'later';
  if (await isFrozen(deps, name, options)) return 'idle';
  const set = await readSet(deps, name, options);
  if (set.wanted === undefined) return 'idle';
  // What an armed plan is judged by is what the run will be done with.
  await followActiveTofu(deps, options);
  if (set.inForce?.deployment_id !== set.wanted.id) {
    return bringIntoForce(deps, { set, lease, wanted: set.wanted }, options);
  }
  await keepArmed(deps, { set, lease }, options);
  return 'idle';
}

/** By the armed plan where that leads to what is wanted; else by one that is made from the kept bundle. */
async function bringIntoForce(
  deps: InternalDeps,
  at: SetContext & { wanted: DeploymentRow },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { set, lease, wanted } = at;
  const armed = set.armed?.deployment_id === wanted.id ? set.armed : undefined;
  const problem = armed && whyNotOpened(armed, await armedBy(deps, options));
  if (armed !== undefined && problem !== undefined) {
    const unit = discarded(deps, { set, armed, why: problem });
    await commitUnderLease(deps, { lease, unit, what: `the armed plan of ${set.name}` }, options);
    return 'again';
  }
  const files = await filesOf(deps, wanted, options);
  const kind = set.pin === undefined ? 'deploy' : 'rollback';
  const saved = armed?.plan_binary === undefined ? {} : { savedPlan: armed.plan_binary };
  const request = { wanted: wantedOf(wanted, files), ...saved };
  return withRun(deps, { lease, purpose: kind, request, signal: options.signal }, async (opened) => {
    if (armed === undefined) {
      const plan = await opened.tofu.plan(options);
      return apply(deps, { ...at, opened, plan, armed, kind }, options);
    }
    const looked = await lookAtArmed({ armed, opened }, options);
    if (typeof looked === 'string') {
      const also = discarded(deps, { set, armed, why: looked });
      await moveRun(deps, { run: opened.run, to: 'planned', also }, options);
      await closeRun(deps, opened.run, options);
      return 'again';
    }
    // The plan's own row is the armed one.
    const run = { ...opened.run, planId: armed.id };
    return apply(deps, { ...at, opened: { ...opened, run }, plan: looked, armed, kind }, options);
  });
}

/** What an armed plan holds; or why it is not applied, be it that nobody can read it. */
async function lookAtArmed(
  { armed, opened }: { armed: PlanRow; opened: OpenedRun },
  options: CallOptions,
): Promise<TofuPlan | string> {
  try {
    const plan = await opened.tofu.plan(options);
    return whyNotApplied(armed, plan) ?? plan;
  } catch (error) {
    options.signal.throwIfAborted();
    return `it cannot be shown: ${toProblem(error).detail}`;
  }
}

function discarded(deps: InternalDeps, at: { set: SetView; armed: PlanRow; why: string }): Write[] {
  const { set, armed, why } = at;
  deps.log.info('an armed plan does not fit any more; another one is made', { egg: set.name, reason: why });
  return discardWrites(deps, { plans: [armed], why });
}

async function armedBy(deps: InternalDeps, options: CallOptions): Promise<ArmedBy> {
  const { version } = await deps.tofu.tool(options);
  return { version, now: deps.clock.now() };
}

async function apply(
  deps: InternalDeps,
  at: SetContext & {
    wanted: DeploymentRow;
    opened: OpenedRun;
    plan: TofuPlan;
    armed: PlanRow | undefined;
    kind: 'deploy' | 'rollback';
  },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { opened, wanted, set, armed } = at;
  const { run, tofu } = opened;
  const status = { status: 'applying' } as const;
  // Consumed before it is applied: a plan is applied once.
  const key = { table: 'deployment_plans', partition: run.planId } as const;
  const row = armed
    ? ({
        kind: 'update',
        key,
        set: { ...status, plan_binary: undefined },
        when: { kind: 'version', version: armed.version },
      } as const)
    : planWrite(deps, factsOf(at), status);
  await moveRun(deps, { run, to: 'planned' }, options);
  await moveRun(deps, { run, to: 'applying', set: { plan_id: run.planId }, also: [row] }, options);
  const outcome = await tofu.apply(options);
  deps.metrics.run(outcome.kind);
  if (outcome.kind === 'unknown') {
    await endUnknown(deps, { run, reason: outcome.reason }, options);
    return 'later';
  }
  const also = outcome.kind === 'ok' ? broughtWrites(deps, { set, wanted, kind: at.kind }) : [];
  const left = at.kind === 'rollback' ? ('rolled_back' as const) : undefined;
  await finishRun(deps, { run, outcome, also, left }, options);
  return 'again';
}

function factsOf(at: {
  wanted: DeploymentRow;
  opened: OpenedRun;
  plan: TofuPlan;
  kind: PlanFacts['kind'];
}): PlanFacts {
  const { wanted, opened, plan, kind } = at;
  return {
    ...{ run: opened.run, tool: opened.tool, plan, kind, planType: 'rift' },
    commit: wanted.git_commit,
    configHash: wanted.config_hash,
    deploymentId: wanted.id,
    bundleRef: wanted.bundle_ref,
  };
}

/** A plan to the deployment before the one in force, unless the one that is kept still fits. */
async function keepArmed(
  deps: InternalDeps,
  at: SetContext,
  options: CallOptions & { trace: string },
): Promise<void> {
  const { set, lease } = at;
  const { back, armed, inForce } = set;
  if (inForce === undefined || back === undefined) return;
  const { lineage, serial_after: serial } = inForce;
  const isFit =
    armed?.deployment_id === back.id &&
    whyNotOpened(armed, await armedBy(deps, options)) === undefined &&
    whyNotApplied(armed, { lineage, serial }) === undefined;
  if (isFit) return;
  const files = await filesOf(deps, back, options);
  const request = { wanted: wantedOf(back, files) };
  await withRun(deps, { lease, purpose: 'arm', request, signal: options.signal }, async (opened) => {
    const { run, tofu } = opened;
    const plan = await tofu.plan(options);
    const saved = plan.hasChanges ? await tofu.savedPlan?.() : undefined;
    const facts = factsOf({ wanted: back, opened, plan, kind: 'rollback' });
    const also = armedWrites(deps, { facts, saved, inForce, before: armed });
    await moveRun(deps, { run, to: 'planned', also }, options);
    await closeRun(deps, run, options);
  });
}

function wantedOf({ egg_name: egg, machine }: DeploymentRow, files: BundleFiles): TofuRunRequest['wanted'] {
  return { egg, shard: shardOfSet, provider: machine.provider, region: '', entries: new Map(), files };
}

async function filesOf(
  deps: InternalDeps,
  deployment: DeploymentRow,
  options: CallOptions,
): Promise<BundleFiles> {
  const { bundle_ref: ref, id } = deployment;
  const bytes = ref === undefined ? undefined : await readBundle(deps, ref, options);
  if (bytes !== undefined) return unpackBundle(bytes);
  const problem = `its bundle (${ref ?? 'none'}) is not in the blob store`;
  throw storeErrors.badRow({ table: 'deployments', problem: `${id}: ${problem}` });
}

async function readBundle(
  deps: InternalDeps,
  ref: string,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readContent(deps.blobs, ref, options);
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT')) return undefined;
    throw error;
  }
}
