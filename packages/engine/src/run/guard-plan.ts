import { checkTofuPlan, sharedKeyOf } from '@polar-gosling/domain';
import type { CallOptions, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { entryOf } from '../rows/entry-of.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite } from '../rows/writes.ts';
import { noteProblem } from './problems.ts';
import { refusedShards, refusedSlot } from './refused-shards.ts';
import { writeRowChanges } from './row-changes.ts';
import { type PlanFacts, planWrite } from './run-row.ts';

interface GuardContext {
  readonly egg: EggConfigRow;
  readonly rows: readonly RunnerRow[];
  readonly facts: PlanFacts;
}

/**
 * Nothing but creates of new runners and deletes of ended ones is ever applied. Where a plan holds anything else, its
 * launches are closed, to be made in another shard, and the error is thrown.
 */
export async function guardPlan(
  deps: InternalDeps,
  at: GuardContext,
  options: CallOptions & { trace: string },
): Promise<void> {
  const { run, plan } = at.facts;
  const verdict = checkTofuPlan({
    changes: plan.changes,
    rows: at.rows.map(withSharedKey),
    helpers: deps.tofu.sharedAddresses ?? [],
  });
  if (verdict.kind === 'ok') {
    await noteProblem(deps, { egg: run.egg, slot: refusedSlot(run.shard) }, options);
    return;
  }
  const changes = verdict.offending.map(({ address, why }) => `${address} (${why})`).join('; ');
  const error = tofuErrors.planUnexpected({ changes });
  const details = { egg: run.egg, offending: verdict.offending };
  const problem = { code: error.code, detail: error.message };
  await note(deps, { facts: at.facts, problem, details }, options);
  deps.metrics.run('refused');
  deps.log.error('an OpenTofu plan holds changes that must not be; nothing was applied', {
    egg: run.egg,
    runId: run.id,
    error,
  });
  await closeLaunches(deps, at, options);
  throw error;
}

function withSharedKey(row: RunnerRow) {
  const sharedKey = sharedKeyOf(entryOf(row));
  return { ...row, ...(sharedKey !== undefined && { sharedKey }) };
}

/** Shown on the Egg; audited and kept once, however often the same plan is made. */
async function note(
  deps: InternalDeps,
  at: { facts: PlanFacts; problem: { code: string; detail: string }; details: Record<string, unknown> },
  options: CallOptions,
): Promise<void> {
  const { facts, problem } = at;
  const { run } = facts;
  const slot = refusedSlot(run.shard);
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: run.egg } }, options);
  const noted: Readonly<Record<string, { detail?: string }>> = state?.problems ?? {};
  if (noted[slot]?.detail !== problem.detail) {
    const audit = {
      actor: 'run',
      action: problem.code,
      resourceType: 'run',
      resourceId: run.id,
      details: at.details,
    } as const;
    const kept = planWrite(deps, facts, { status: 'discarded', why: problem.detail });
    await deps.store.commit([auditWrite(audit, deps), kept], options);
  }
  await noteProblem(deps, { egg: run.egg, slot, problem, isDated: true }, options);
}

/** What no apply has begun need not wait here, also where a removal was refused. */
async function closeLaunches(
  deps: InternalDeps,
  { egg, rows, facts }: GuardContext,
  options: CallOptions & { trace: string },
): Promise<void> {
  const { run } = facts;
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: run.egg } }, options);
  if (!refusedShards(state, deps.clock.now()).has(run.shard)) return;
  const launches = rows.filter((row) => row.state === 'requested' && !row.made);
  const why = 'the plans of its shard are refused: it is launched in another one';
  const changes = launches.map((row) => ({ row, to: 'terminated', why }) as const);
  await writeRowChanges(
    deps,
    { egg, lease: run.lease, runId: run.id, trace: options.trace, changes },
    options,
  );
}
