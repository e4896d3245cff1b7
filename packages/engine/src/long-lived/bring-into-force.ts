import { toProblem } from '@polar-gosling/kernel';
import type { CallOptions, DeploymentRow, PlanRow, Write } from '@polar-gosling/ports/store';
import { type TofuPlan, tofuErrors } from '@polar-gosling/ports/tofu';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { commitUnderLease } from '../leases/lease.ts';
import { closeRun, endUnknown, finishRun } from '../run/end-run.ts';
import { moveRun, planWrite } from '../run/run-row.ts';
import type { ShardOutcome } from '../run/shard-outcome.ts';
import { type OpenedRun, withRun } from '../run/with-run.ts';
import { readArmedBy, whyNotApplied, whyNotOpened } from './armed-plan.ts';
import type { SetView } from './read-set.ts';
import { factsOf, requestOf, type SetContext } from './set-context.ts';
import { broughtWrites, discardWrites } from './set-rows.ts';

/** The plan that is armed for it. */
export function armedTo({ armed }: SetView, { id }: DeploymentRow): PlanRow | undefined {
  return armed?.deployment_id === id ? armed : undefined;
}

/** By the armed plan where that leads to what is wanted; else by one that is made from the kept bundle. */
export async function bringIntoForce(
  deps: InternalDeps,
  at: SetContext & { wanted: DeploymentRow },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { set, lease, wanted } = at;
  const armed = armedTo(set, wanted);
  const problem = armed && whyNotOpened(armed, await readArmedBy(deps, options));
  if (armed !== undefined && problem !== undefined) {
    const unit = discarded(deps, { set, armed, why: problem });
    await commitUnderLease(deps, { lease, unit, what: `the armed plan of ${set.name}` }, options);
    return 'again';
  }
  const kind = set.pin === undefined ? 'deploy' : 'rollback';
  const saved = armed?.plan_binary === undefined ? {} : { savedPlan: armed.plan_binary };
  const request = { ...(await requestOf(deps, wanted, options)), ...saved };
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
  if (await isFrozen(deps, set.name, options)) {
    const why = 'it was frozen while it was planned';
    // An armed plan stays as it is.
    const also = armed ? [] : [planWrite(deps, factsOf(at), { status: 'discarded', why })];
    await moveRun(deps, { run, to: 'planned', also }, options);
    await closeRun(deps, run, options);
    return 'idle';
  }
  await moveRun(deps, { run, to: 'planned' }, options);
  await moveRun(deps, { run, to: 'applying', set: { plan_id: run.planId }, also: [row] }, options);
  const outcome = await tofu.apply(options);
  deps.metrics.run(outcome.kind);
  if (outcome.kind === 'unknown') {
    await endUnknown(deps, { run, reason: outcome.reason }, options);
    throw tofuErrors.applyFailed({ summary: 'it was ended', detail: outcome.reason });
  }
  const also = outcome.kind === 'ok' ? broughtWrites(deps, { set, wanted, armed, kind: at.kind }) : [];
  const isLeft = at.kind === 'rollback' && set.inForce?.deployment_id !== wanted.id;
  const left = isLeft ? ('rolled_back' as const) : undefined;
  await finishRun(deps, { run, outcome, also, left }, options);
  return 'again';
}
