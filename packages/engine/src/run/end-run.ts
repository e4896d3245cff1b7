import { toProblem } from '@polar-gosling/kernel';
import type { CallOptions, Write } from '@polar-gosling/ports/store';
import { type TofuOutcome, tofuErrors } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { inForceWrites } from './plan-in-force.ts';
import { failedNow, leftPlanWrites, moveRun, planFailedWrite, type RunRecord } from './run-row.ts';

/** Writes down what came of its apply, and ends it. Fails with TOFU_APPLY_FAILED where that failed. */
export async function finishRun(
  deps: InternalDeps,
  at: {
    run: RunRecord;
    outcome: Exclude<TofuOutcome, { kind: 'unknown' }>;
    /** What becomes true with it. */
    also?: readonly Write[];
    /** How the plan that it takes the place of is left; `applied` when not given. */
    left?: 'rolled_back' | undefined;
  },
  options: CallOptions,
): Promise<void> {
  const { run, outcome } = at;
  const isOk = outcome.kind === 'ok';
  const planSet = isOk
    ? {
        status: 'applied',
        applied_at: deps.clock.now(),
        serial_after: outcome.serial,
        ...(outcome.lineage === undefined ? {} : { lineage: outcome.lineage }),
        metadata: JSON.parse(JSON.stringify({ run_id: run.id, checks: outcome.checks })),
      }
    : failedNow(deps);
  const plan = { table: 'deployment_plans', partition: run.planId } as const;
  const set = isOk
    ? {}
    : {
        error: {
          code: 'TOFU_APPLY_FAILED',
          class: outcome.class,
          detail: `${outcome.summary} ${outcome.detail}`.trim(),
        },
      };
  const also = [
    { kind: 'update', key: plan, set: planSet, when: { kind: 'present' } } as const,
    ...(isOk ? await inForceWrites(deps, { ...run, left: at.left }, options) : []),
    ...(at.also ?? []),
  ];
  await moveRun(deps, { run, to: isOk ? 'applied' : 'failed', set, also }, options);
  await closeRun(deps, run, options);
  if (!isOk) throw tofuErrors.applyFailed({ summary: outcome.summary, detail: outcome.detail });
}

/** Its apply was cut off: what it did is seen by the next plan. */
export async function endUnknown(
  deps: InternalDeps,
  { run, reason }: { run: RunRecord; reason: string },
  options: CallOptions,
): Promise<void> {
  deps.log.warn('an OpenTofu run was ended; what it did is seen by the next plan', {
    egg: run.egg,
    runId: run.id,
    reason,
  });
  const why = `its apply was ended (${reason}); the next plan shows what it did`;
  const also = [planFailedWrite(deps, { planId: run.planId, runId: run.id, why })];
  const set = { error: { code: 'ENDED', detail: reason } };
  await moveRun(deps, { run, to: 'unknown', set, also }, options);
}

export async function closeRun(deps: InternalDeps, run: RunRecord, options: CallOptions): Promise<void> {
  await moveRun(deps, { run, to: 'settled' }, options);
}

/** The row of a run that could not go on says why. Written apart from the failing signal. */
export async function failRun(deps: InternalDeps, at: { run: RunRecord; error: unknown }): Promise<void> {
  const { code, detail } = toProblem(at.error);
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    const row = await getRow(deps.store, { ...typed.runs, key: { partition: at.run.id } }, options);
    const also = leftPlanWrites(deps, row, `${code}: ${detail}`);
    await moveRun(deps, { run: at.run, to: 'failed', set: { error: { code, detail } }, also }, options);
    await closeRun(deps, at.run, options);
  } catch (error) {
    deps.log.warn('a failed run could not be closed; the next holder settles it', {
      runId: at.run.id,
      error,
    });
  }
}
