import { isCoded } from '@polar-gosling/kernel';
import type { CallOptions, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';
import type {
  TofuEvent,
  TofuOutcome,
  TofuPlan,
  TofuRun,
  TofuTool,
  TofuWanted,
} from '@polar-gosling/ports/tofu';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { followActiveTofu } from '../tools/follow-active.ts';
import { agentsSeen } from './agents-seen.ts';
import { alignRows } from './align.ts';
import { closeRun, failRun, finishRun } from './end-run.ts';
import { noteRefreshed } from './freshness.ts';
import { guardPlan } from './guard-plan.ts';
import { keepBundle } from './keep-bundle.ts';
import { noteCapacity } from './note-capacity.ts';
import { noteChecks } from './note-checks.ts';
import { outcomeChanges } from './outcome-changes.ts';
import { planKind } from './plan-kind.ts';
import { type RowChange, writeRowChanges } from './row-changes.ts';
import { createRunProgress, type RunProgress } from './run-progress.ts';
import {
  deploymentBundleWrites,
  moveRun,
  openRun,
  type PlanFacts,
  planFailedWrite,
  planWrite,
  type RunRecord,
} from './run-row.ts';
import type { ShardOutcome } from './shard-outcome.ts';
import type { ShardWork } from './shard-work.ts';
import { startRunners } from './start-runners.ts';
import { isToBeFound } from './strays.ts';

const longestRunMs = 25 * 60_000;

export interface WorkContext {
  readonly egg: EggConfigRow;
  readonly shard: number;
  readonly lease: Lease;
  readonly rows: readonly RunnerRow[];
  readonly work: ShardWork;
  readonly provider: TofuWanted['provider'];
  /** The state was compared with its cloud not long ago. */
  readonly isFresh: boolean;
  /** It was rolled back to what it is made of. */
  readonly isPinned: boolean;
}

/** Plan, guard, apply of one piece of work. Its directory and log are taken care of whatever happens. */
export async function applyWork(
  deps: InternalDeps,
  at: Omit<WorkContext, 'egg'> & { egg: EggConfigRow },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  await followActiveTofu(deps, options);
  const tool = await deps.tofu.tool(options);
  const hardEndAt = deps.clock.now() + longestRunMs;
  const run = await openRun(
    deps,
    { egg: at.egg.name, shard: at.shard, lease: at.lease, hardEndAt, purpose: at.work.kind },
    options,
  );
  const progress = createRunProgress(deps, run);
  const tofu = await openTofu(deps, { at, run, progress }, options);
  try {
    return await planAndApply(deps, { at, run, tofu, tool }, options);
  } catch (error) {
    // A failed apply has already written down what it did; one that was interrupted is settled by the next holder.
    const isWritten = isCoded(error, 'TOFU_APPLY_FAILED') || options.signal.aborted;
    if (!isWritten) await failRun(deps, { run, error });
    throw error;
  } finally {
    await progress.close();
    await keepLog(deps, { run, tofu });
    await tofu.dispose();
  }
}

async function openTofu(
  deps: InternalDeps,
  on: { at: WorkContext; run: RunRecord; progress: RunProgress },
  options: CallOptions,
): Promise<TofuRun> {
  const { at, run, progress } = on;
  const entries = new Map(at.work.wanted.map((row) => [row.id, new TextDecoder().decode(row.entry)]));
  const log = deps.log.with({ egg: run.egg, runId: run.id, shard: run.shard });
  const request = {
    runId: run.id,
    wanted: { egg: run.egg, shard: run.shard, provider: at.provider, entries },
    ...(takesStateAtItsWord(at) ? ({ refresh: false } as const) : {}),
    hardEndAt: run.hardEndAt,
    onEvent(event: TofuEvent) {
      progress.note(event);
      if (event.severity === 'error') log.warn(event.message);
      else log.debug(event.message);
    },
    onProcess: (pid: number) => {
      void notePid(deps, { run, pid });
    },
  } as const;
  try {
    return await deps.tofu.open(request, options);
  } catch (error) {
    await progress.close();
    if (!options.signal.aborted) await failRun(deps, { run, error });
    throw error;
  }
}

/** Names the process on the run's row, so that a later holder can end it. */
async function notePid(deps: InternalDeps, at: { run: RunRecord; pid: number }): Promise<void> {
  const key = { table: 'runs', partition: at.run.id } as const;
  try {
    await deps.store.commit([{ kind: 'update', key, set: { pid: at.pid }, when: { kind: 'present' } }], {
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    deps.log.warn('the pid of a run could not be noted', { runId: at.run.id, pid: at.pid, error });
  }
}

interface Applying {
  readonly at: WorkContext;
  readonly run: RunRecord;
  readonly tofu: TofuRun;
  readonly tool: TofuTool;
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

  if (at.provider !== 'local' && !takesStateAtItsWord(at)) {
    await noteRefreshed(deps, { ...run, gone: plan.gone }, options);
  }
  const aligned = alignRows(comparable(at), plan, await agentsSeen(deps, at.rows, options));
  if (aligned.length > 0) {
    // What OpenTofu's state does not name may still live: an apply that was killed before it wrote its state.
    await removeStrays(deps, aligned, options);
    await write(deps, { on, changes: aligned }, options);
    const targets = aligned.filter(({ startsBootstrap }) => startsBootstrap).map(({ row }) => row);
    await startRunners(deps, { targets, starts: plan.starts ?? [] }, options);
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

/** A launch asks the cloud about the machines that are there only when that was not done lately. */
function takesStateAtItsWord({ work, isFresh }: WorkContext): boolean {
  return work.kind === 'create' && isFresh;
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
  const changes = targets.map((row): RowChange => ({ row, to: row.state, isDoubtful: false, why }));
  await write(deps, { on, changes }, options);
  await moveRun(deps, { run: on.run, to: 'planned' }, options);
  await closeRun(deps, on.run, options);
  return 'again';
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
  const also = [planWrite(deps, facts, { status: 'applying' }), ...deploymentBundleWrites(facts)];
  await moveRun(deps, { run, to: 'planned' }, options);
  await moveRun(deps, { run, to: 'applying', set: { plan_id: run.planId }, also }, options);

  const appliedFrom = deps.clock.monotonic();
  const outcome = await tofu.apply(options);
  countStage(deps, on, { stage: 'apply', since: appliedFrom });
  return conclude(deps, { on, outcome }, options);
}

/** Only a run that creates is part of a boot. */
function countStage(deps: InternalDeps, on: Applying, at: { stage: 'plan' | 'apply'; since: number }): void {
  if (on.at.work.kind !== 'create') return;
  deps.metrics.bootStage(at.stage, (deps.clock.monotonic() - at.since) / 1000);
}

async function conclude(
  deps: InternalDeps,
  at: { on: Applying; outcome: TofuOutcome },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { on, outcome } = at;
  const { run } = on;
  deps.metrics.run(outcome.kind);
  if (outcome.kind === 'unknown') {
    deps.log.warn('an OpenTofu run was ended; what it did is seen by the next plan', {
      egg: run.egg,
      runId: run.id,
      reason: outcome.reason,
    });
    const why = `its apply was ended (${outcome.reason}); the next plan shows what it did`;
    const also = [planFailedWrite(deps, { planId: run.planId, runId: run.id, why })];
    const set = { error: { code: 'ENDED', detail: outcome.reason } };
    await moveRun(deps, { run, to: 'unknown', set, also }, options);
    return 'later';
  }
  const inState = outcome.kind === 'failed' ? new Set(await on.tofu.stateList(options)) : undefined;
  const rows = await freshRows(deps, on, options);
  const agents = await agentsSeen(deps, rows, options);
  const changes = outcomeChanges({ work: on.at.work, rows, outcome, inState, agents });
  // An earlier apply that was killed may have made what this one could not.
  if (outcome.kind === 'failed') await removeStrays(deps, changes, options);
  const { targets, kind } = on.at.work;
  // Before the Egg looks again: its next launch must know.
  if (kind === 'create') await noteCapacity(deps, { egg: run.egg, outcome }, options);
  await write(deps, { on, changes }, options);
  if (outcome.kind === 'ok') {
    if (kind === 'create') await startRunners(deps, { targets, starts: outcome.starts ?? [] }, options);
    await noteChecks(deps, { ...run, checks: outcome.checks }, options);
  }
  await finishRun(deps, { run, outcome }, options);
  return 'again';
}

/** Rows as the apply's start left them: their versions have moved. */
async function freshRows(deps: InternalDeps, on: Applying, options: CallOptions): Promise<RunnerRow[]> {
  const keys = on.at.work.targets.map(({ id }) => ({ table: 'runners', partition: id }) as const);
  const found = await deps.store.get(keys, options);
  return found.flatMap((row, index) => {
    const before = on.at.work.targets[index];
    return row && before ? [{ ...before, version: Number(row['version']), ...stateOf(row) }] : [];
  });
}

function stateOf(row: Readonly<Record<string, unknown>>): Pick<RunnerRow, 'state' | 'state_since'> {
  return { state: row['state'] as RunnerRow['state'], state_since: Number(row['state_since']) }; // our own row
}

async function keepLog(deps: InternalDeps, at: { run: RunRecord; tofu: TofuRun }): Promise<void> {
  const key = `runs/${at.run.id}/log.jsonl`;
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    await deps.blobs.write(key, at.tofu.log(), options);
    const row = { table: 'runs', partition: at.run.id } as const;
    await deps.store.commit(
      [{ kind: 'update', key: row, set: { log_ref: key }, when: { kind: 'present' } }],
      options,
    );
  } catch (error) {
    deps.log.warn('the log of a run could not be kept', { runId: at.run.id, error });
  }
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
