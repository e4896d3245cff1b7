import type { CallOptions, PlanRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';

/** What a plan says of resources is as old as the plan: another one is armed then. */
const armedForMs = 24 * 3_600_000;

/** A saved plan is read by the version of OpenTofu that made it, on whatever platform, and by no other. */
export interface ArmedBy {
  readonly version: string;
  readonly now: number;
}

export async function readArmedBy(deps: InternalDeps, options: CallOptions): Promise<ArmedBy> {
  const { version } = await deps.tofu.tool(options);
  return { version, now: deps.clock.now() };
}

/** The state that an armed plan must fit, as the last apply left it. */
export interface ArmedAgainst {
  readonly lineage?: string | undefined;
  readonly serial?: number | undefined;
}

/** Why a saved plan need not even be opened; `undefined`: it may be looked at. (`research/03-opentofu.md` §5, R1.) */
export function whyNotOpened(
  plan: Pick<PlanRow, 'status' | 'tofu_version' | 'created_at' | 'plan_binary'>,
  { version, now }: ArmedBy,
): string | undefined {
  if (plan.status !== 'pending' || plan.plan_binary === undefined) return 'it is not armed any more';
  if (plan.tofu_version !== version) return 'OpenTofu is of another version since';
  return now - plan.created_at >= armedForMs ? 'it is older than a day' : undefined;
}

/** Why a saved plan cannot be applied upon this state; `undefined`: it can. */
export function whyNotApplied(
  plan: Pick<PlanRow, 'lineage' | 'serial_before'>,
  { lineage, serial }: ArmedAgainst,
): string | undefined {
  const isSame = plan.lineage === lineage && plan.serial_before === serial;
  return isSame ? undefined : 'its state has moved on since';
}
