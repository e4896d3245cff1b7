import type { PlanRow } from '@polar-gosling/ports/store';

/** What a plan says of resources is as old as the plan: another one is armed then. */
const armedForMs = 24 * 3_600_000;

/** What an armed plan must fit: the state as the last apply left it, and the OpenTofu that runs. */
export interface ArmedAgainst {
  readonly lineage: string | undefined;
  readonly serial: number | undefined;
  readonly tofuSha256: string;
  readonly now: number;
}

/** Why a saved plan cannot be applied as it is; `undefined`: it can. (`research/03-opentofu.md` §5, R1.) */
export function whyNotArmed(
  plan: Pick<PlanRow, 'status' | 'lineage' | 'serial_before' | 'tofu_sha256' | 'created_at' | 'plan_binary'>,
  { lineage, serial, tofuSha256, now }: ArmedAgainst,
): string | undefined {
  if (plan.status !== 'pending' || plan.plan_binary === undefined) return 'it is not armed any more';
  if (plan.lineage !== lineage || plan.serial_before !== serial) return 'its state has moved on since';
  if (plan.tofu_sha256 !== tofuSha256) return 'OpenTofu is another one since';
  return now - plan.created_at >= armedForMs ? 'it is older than a day' : undefined;
}
