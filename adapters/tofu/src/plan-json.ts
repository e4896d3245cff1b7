import type { PlanChange, TofuPlan } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { runnerIdOf } from './addresses.ts';

/** What is used of `show -json`; no value of a resource or variable is among it. */
const ShownPlan = z.object({
  format_version: z.string(),
  terraform_version: z.string().optional(),
  errored: z.boolean().optional(),
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        mode: z.string().optional(),
        type: z.string().optional(),
        provider_name: z.string().optional(),
        action_reason: z.string().optional(),
        change: z.object({ actions: z.array(z.string()) }),
      }),
    )
    .default([]),
  checks: z
    .array(z.object({ address: z.object({ to_display: z.string() }), status: z.string() }))
    .default([]),
});

/** Reads `show -json` of a plan. What is kept of it names addresses and actions, never a value. */
export function parsePlan(text: string): Omit<TofuPlan, 'lineage' | 'serial'> {
  const shown = ShownPlan.parse(JSON.parse(text));
  const changes = shown.resource_changes.map(({ address, change }): PlanChange => {
    const runnerId = runnerIdOf(address);
    return { address, actions: change.actions, ...(runnerId === undefined ? {} : { runnerId }) };
  });
  const count = (action: string) => changes.filter(({ actions }) => actions.includes(action)).length;
  const summary = { add: count('create'), change: count('update'), destroy: count('delete') };
  const isQuiet = ({ actions }: PlanChange) => actions.every((one) => one === 'no-op' || one === 'read');
  return { changes, hasChanges: !changes.every(isQuiet), summary, redacted: { ...shown, summary } };
}
