import type { CallOptions, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';
import type { TofuOutcome, TofuPlan, TofuStart } from '@polar-gosling/ports/tofu';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { agentsSeen } from './agents-seen.ts';
import { alignRows } from './align.ts';
import { callForLaunches } from './call-for-launches.ts';
import { closeRun, endUnknown, finishRun } from './end-run.ts';
import { noteFailing } from './failing-runs.ts';
import { noteRefreshed } from './freshness.ts';
import { guardPlan } from './guard-plan.ts';
import { keepBundle } from './keep-bundle.ts';
import { noteCapacity } from './note-capacity.ts';
import { noteChecks } from './note-checks.ts';
import { outcomeChanges } from './outcome-changes.ts';
import type { Place } from './place-of.ts';
import { planKind } from './plan-kind.ts';
import { type RowChange, writeRowChanges } from './row-changes.ts';
import { deploymentBundleWrites, moveRun, type PlanFacts, planWrite } from './run-row.ts';
import type { ShardOutcome } from './shard-outcome.ts';
import { shardRows } from './shard-rows.ts';
import { isCreatable, isTainted, type ShardWork } from './shard-work.ts';
import { sharedDeletes, withoutEnds } from './shared-parts.ts';
import { startRunners } from './start-runners.ts';
import { isInvocation, isToBeFound } from './strays.ts';
import { type OpenedRun, withRun } from './with-run.ts';

export interface WorkContext {
  readonly egg: EggConfigRow;
  readonly shard: number;
  readonly lease: Lease;
  readonly rows: readonly RunnerRow[];
  readonly work: ShardWork;
  readonly place: Place;
  /** The state was compared with its cloud not long ago. */
  readonly isFresh: boolean;
  /** It was rolled back to what it is made of. */
  readonly isPinned: boolean;
}

/** Plan, guard, apply of one piece of work. */
export async function applyWork(
  deps: InternalDeps,
  at: WorkContext,
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { egg, shard, lease, place, work } = at;
  const entries = new Map(work.wanted.map((row) => [row.id, new TextDecoder().decode(row.entry)]));
  const living = new Set(work.wanted.filter((row) => !isCreatable(row)).map(({ id }) => id));
  const wanted = { egg: egg.name, shard, ...place, entries, living };
  const refresh = takesStateAtItsWord(at) ? ({ refresh: false } as const) : {};
  const { signal } = options;
  const purpose = { lease, purpose: work.kind, request: { wanted, ...refresh }, signal };
  return withRun(deps, purpose, (opened) => planAndApply(deps, { at, ...opened }, options));
}

interface Applying extends OpenedRun {
  readonly at: WorkContext;
}

async function planAndApply(
  deps: InternalDeps,
  on: Applying,
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { at, run, tofu } = on;
  if (at.work.kind === 'adopt') return adopt(deps, on, options);
  const plannedFrom = deps.clock.monotonic();
  const plan = await tofu.plan(options);
  countStage(deps, on, { stage: 'plan', since: plannedFrom });

  if (at.place.provider !== 'local' && !takesStateAtItsWord(at)) {
    await noteRefreshed(deps, { ...run, gone: plan.gone }, options);
  }
  const aligned = withoutEnds(alignRows(comparable(at), plan, await agentsSeen(deps, at.rows, options)), {
    work: at.work,
    left: sharedDeletes(plan, deps.tofu),
  });
  if (aligned.length > 0) {
    // What OpenTofu's state does not name may still live: an apply that was killed before it wrote its state.
    await removeStrays(deps, aligned, options);
    await write(deps, { on, changes: aligned }, options);
    const left = aligned.filter(({ startsBootstrap }) => startsBootstrap).map(({ row }) => row);
    await startLeft(deps, { on, left, starts: plan.starts ?? [] }, options);
    await moveRun(deps, { run, to: 'failed', set: { error: { code: 'ROWS_ALIGNED' } } }, options);
    await closeRun(deps, run, options);
    return 'again';
  }
  const facts = await factsOf(deps, { on, plan }, options);
  await guardPlan(deps, { ...at, facts }, options);
  if (!plan.hasChanges || at.work.kind === 'look') {
    await noteChecks(deps, { ...run, checks: plan.checks }, options);
    await moveRun(deps, { run, to: 'planned' }, options);
    await closeRun(deps, run, options);
    return 'idle';
  }
  return apply(deps, { on, facts }, options);
}

async function factsOf(
  deps: InternalDeps,
  { on, plan }: { on: Applying; plan: TofuPlan },
  options: CallOptions,
): Promise<PlanFacts> {
  const { egg, work, isPinned } = on.at;
  const deploymentId = work.kind === 'create' ? work.targets.at(-1)?.deployment_id : undefined;
  const kind = await planKind(deps, { egg: egg.name, work: work.kind, deploymentId, isPinned }, options);
  const { run, tool } = on;
  const bundleRef = plan.hasChanges ? await keepBundle(deps, on, options) : undefined;
  const { git_commit: commit, config_hash: configHash } = egg;
  return { run, plan, tool, kind, commit, configHash, deploymentId, bundleRef };
}

/**
 * A launch asks the cloud about the machines that are there only when that was not done lately. While one is wanted
 * that has lost a part, every answer would have that part made again, and nothing else could be applied.
 */
function takesStateAtItsWord({ work, isFresh }: WorkContext): boolean {
  return (work.kind === 'create' && isFresh) || work.wanted.some(isTainted);
}

/** Rows that a state can speak of. Whether a doubtful one has a machine is not for it to say, until it is removed. */
function comparable({ rows, work }: WorkContext): readonly RunnerRow[] {
  return rows.filter((row) => !isToBeFound(row) || work.targets.includes(row));
}

async function adopt(
  deps: InternalDeps,
  on: Applying,
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { targets, strays = [] } = on.at.work;
  await on.tofu.adopt?.(strays, options);
  const why = 'its machine was found by its tag, and the state was told of it';
  // Nobody knows how far its container came: it goes before anything else is made of it.
  const changes = targets.map((row): RowChange => {
    return { row, to: row.state, isDoubtful: false, ...(isInvocation(row) && { isTainted: true }), why };
  });
  await write(deps, { on, changes }, options);
  await moveRun(deps, { run: on.run, to: 'planned' }, options);
  await closeRun(deps, on.run, options);
  return 'again';
}

/** What an earlier run recorded and did not start. */
async function startLeft(
  deps: InternalDeps,
  { on, left, starts }: { on: Applying; left: readonly RunnerRow[]; starts: readonly TofuStart[] },
  options: CallOptions & { trace: string },
): Promise<void> {
  await startRunners(deps, { targets: left, starts }, options);
  const changes = (await freshRows(deps, left, options)).map((row) => {
    const to = row.state === 'provisioning' ? 'booting' : row.state;
    return { row, to, made: true, why: 'it was started: an earlier run had only recorded it' };
  });
  await write(deps, { on, changes }, options);
}

async function removeStrays(
  deps: InternalDeps,
  changes: readonly { readonly row: RunnerRow; readonly to: string }[],
  options: CallOptions,
): Promise<void> {
  for (const { row, to } of changes) {
    const isHere = row.cloud_provider === 'local';
    if (to === 'terminated' && isHere) await deps.tofu.removeStray?.(row.id, options);
  }
}

async function apply(
  deps: InternalDeps,
  at: { on: Applying; facts: PlanFacts },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { on, facts } = at;
  const { run, tofu } = on;
  const { work } = on.at;
  // The plan took a while: whoever froze the Egg meanwhile must find nothing begun.
  if (await isFrozen(deps, run.egg, options)) {
    const why = 'the Egg was frozen while it was planned';
    const also = [planWrite(deps, facts, { status: 'discarded', why })];
    await moveRun(deps, { run, to: 'planned', also }, options);
    await closeRun(deps, run, options);
    return 'idle';
  }
  if (work.kind === 'create') {
    const changes = work.targets.map(
      (row): RowChange => ({ row, to: 'provisioning', why: 'its apply starts', startsBootstrap: true }),
    );
    await write(deps, { on, changes }, options);
    const now = deps.clock.now();
    for (const target of work.targets) {
      deps.metrics.bootStage('requested', Math.max(0, now - target.created_at) / 1000);
    }
  }
  if (work.kind === 'remove') {
    // Whoever was launched here while it was planned.
    const rows = await shardRows(deps, run, options);
    await callForLaunches(deps, { egg: run.egg, rows }, options);
  }
  const also = [planWrite(deps, facts, { status: 'applying' }), ...deploymentBundleWrites(facts)];
  await moveRun(deps, { run, to: 'planned' }, options);
  await moveRun(deps, { run, to: 'applying', set: { plan_id: run.planId }, also }, options);

  const appliedFrom = deps.clock.monotonic();
  const outcome = await tofu.apply(options);
  countStage(deps, on, { stage: 'apply', since: appliedFrom });
  return conclude(deps, { on, plan: facts.plan, outcome }, options);
}

/** Only a run that creates is part of a boot. */
function countStage(deps: InternalDeps, on: Applying, at: { stage: 'plan' | 'apply'; since: number }): void {
  if (on.at.work.kind !== 'create') return;
  deps.metrics.bootStage(at.stage, (deps.clock.monotonic() - at.since) / 1000);
}

async function conclude(
  deps: InternalDeps,
  at: { on: Applying; plan: TofuPlan; outcome: TofuOutcome },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { on, outcome } = at;
  const { run } = on;
  deps.metrics.run(outcome.kind);
  if (outcome.kind === 'unknown') {
    await endUnknown(deps, { run, reason: outcome.reason }, options);
    return 'later';
  }
  const { targets, kind } = on.at.work;
  // Before their rows say so: those that still do not are started by whoever comes next.
  if (outcome.kind === 'ok' && kind === 'create') {
    await startRunners(deps, { targets, starts: outcome.starts ?? [] }, options);
  }
  const inState = outcome.kind === 'failed' ? new Set(await on.tofu.stateList(options)) : undefined;
  const rows = await freshRows(deps, targets, options);
  const agents = await agentsSeen(deps, rows, options);
  // Before the Egg looks again: its next launch must know.
  const { isElsewhere } =
    kind === 'create'
      ? await noteCapacity(deps, { egg: on.at.egg, outcome }, options)
      : { isElsewhere: false };
  const left = sharedDeletes(at.plan, deps.tofu).filter((address) => inState?.has(address));
  const changes = outcomeChanges({ work: on.at.work, rows, outcome, inState, agents, isElsewhere, left });
  // An earlier apply that was killed may have made what this one could not.
  if (outcome.kind === 'failed') await removeStrays(deps, changes, options);
  await write(deps, { on, changes }, options);
  if (kind === 'remove' && changes.length > 0) await noteFailing(deps, run, options);
  if (outcome.kind === 'ok') await noteChecks(deps, { ...run, checks: outcome.checks }, options);
  await finishRun(deps, { run, outcome }, options);
  return 'again';
}

/** Rows as they are now: this run itself has moved their versions. */
async function freshRows(
  deps: InternalDeps,
  rows: readonly RunnerRow[],
  options: CallOptions,
): Promise<RunnerRow[]> {
  const keys = rows.map(({ id }) => ({ table: 'runners', partition: id }) as const);
  const found = await deps.store.get(keys, options);
  return found.flatMap((row, index) => {
    const before = rows[index];
    return row && before ? [{ ...before, version: Number(row['version']), ...stateOf(row) }] : [];
  });
}

function stateOf(row: Readonly<Record<string, unknown>>): Pick<RunnerRow, 'state' | 'state_since'> {
  return { state: row['state'] as RunnerRow['state'], state_since: Number(row['state_since']) }; // our own row
}

async function write(
  deps: InternalDeps,
  at: { on: Applying; changes: readonly RowChange[] },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { run } = at.on;
  const { changes } = at;
  await writeRowChanges(
    deps,
    { egg: at.on.at.egg, lease: run.lease, runId: run.id, trace: options.trace, changes },
    options,
  );
}
