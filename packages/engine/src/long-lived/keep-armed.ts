import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { closeRun } from '../run/end-run.ts';
import { moveRun } from '../run/run-row.ts';
import { withRun } from '../run/with-run.ts';
import { readArmedBy, whyNotApplied, whyNotOpened } from './armed-plan.ts';
import { factsOf, requestOf, type SetContext } from './set-context.ts';
import { armedWrites } from './set-rows.ts';

/** A plan to the deployment before the one in force, unless the one that is kept still fits. */
export async function keepArmed(
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
    whyNotOpened(armed, await readArmedBy(deps, options)) === undefined &&
    whyNotApplied(armed, { lineage, serial }) === undefined;
  if (isFit) return;
  const request = await requestOf(deps, back, options);
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
