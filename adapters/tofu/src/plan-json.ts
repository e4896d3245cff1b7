import type { PlanChange, TofuPlan, TofuStart } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { isStartCommand, ownerOf, runnerIdOf } from './addresses.ts';
import { readChecks, ShownChecks } from './checks.ts';

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
  resource_drift: z
    .array(
      z.object({
        address: z.string(),
        mode: z.string().optional(),
        change: z.object({ actions: z.array(z.string()) }),
      }),
    )
    .default([]),
  checks: ShownChecks,
});

const ShownModule = z.object({
  address: z.string(),
  resources: z
    .array(z.object({ address: z.string(), values: z.object({ output: z.unknown() }).partial().optional() }))
    .default([]),
});

/** What the state has before the apply. */
const ShownState = z.object({
  prior_state: z
    .object({
      values: z.object({
        root_module: z.object({ child_modules: z.array(ShownModule).default([]) }),
      }),
    })
    .partial()
    .optional(),
});

/** A serverless runner's record: what it is an invocation of. */
const RunnerRecord = z.object({ container: z.object({ id: z.string(), url: z.string() }) });

type ShownChange = z.infer<typeof ShownPlan>['resource_changes'][number];

/**
 * Reads `show -json` of a plan: one change per runner, and one per resource that is no runner's. What is kept names
 * addresses and actions, never a value.
 */
export function parsePlan(text: string): Omit<TofuPlan, 'lineage' | 'serial'> {
  const json: unknown = JSON.parse(text);
  const shown = ShownPlan.parse(json);
  // What checks and templates look up is read, never made.
  const own = shown.resource_changes.filter((one) => one.mode !== 'data' || !isQuiet(one));
  const byOwner = Map.groupBy(own, ({ address }) => ownerOf(address));
  const changes = [...byOwner].map(([owner, group]) => toPlanChange(owner, group));
  const count = (action: string) => changes.filter(({ actions }) => actions.includes(action)).length;
  const summary = { add: count('create'), change: count('update'), destroy: count('delete') };
  const hasChanges = shown.resource_changes.some((one) => !isQuiet(one));
  const checks = readChecks(shown.checks);
  const known = { gone: goneOf(shown, changes), starts: startsOf(json), checks };
  return { changes, hasChanges, summary, ...known, redacted: { ...shown, summary } };
}

/** Outputs of a state that an apply could not finish are old, and those of a plan that creates are not known yet. */
function startsOf(json: unknown): readonly TofuStart[] {
  const modules = ShownState.parse(json).prior_state?.values?.root_module.child_modules ?? [];
  return modules.flatMap(({ address: module, resources }) => {
    const runnerId = runnerIdOf(module);
    const own = resources.find(({ address }) => address === `${module}.terraform_data.runner[0]`);
    const record = RunnerRecord.safeParse(own?.values?.output);
    return runnerId === undefined || !record.success ? [] : [{ runnerId, container: record.data.container }];
  });
}

/**
 * A runner's change is what happens to its machine, `no-op` among it where some parts stay. Where all of it stays, its
 * start command may still be repeated (an earlier apply was cut short): that starts what never started and touches
 * nothing else.
 */
function toPlanChange(owner: string, group: readonly ShownChange[]): PlanChange {
  const machine = group.filter(({ address }) => !isStartCommand(address));
  const own = machine.length > 0 ? machine : group;
  const loud = own.filter((one) => !isQuiet(one));
  const stays = loud.length < own.length ? ['no-op'] : [];
  const actions = [...new Set([...stays, ...loud.flatMap(({ change }) => change.actions)])];
  const runnerId = runnerIdOf(owner);
  return { address: owner, actions, ...(runnerId === undefined ? {} : { runnerId }) };
}

/** Runners of whose machine the cloud does not know any part any more. */
function goneOf(
  { resource_drift: drift }: z.infer<typeof ShownPlan>,
  changes: readonly PlanChange[],
): readonly string[] {
  const lost = drift.filter(({ mode, change }) => mode !== 'data' && change.actions.includes('delete'));
  const stays = changes.filter(({ actions }) => actions.some((action) => action !== 'create'));
  const staying = new Set(stays.map(({ runnerId }) => runnerId));
  const ids = new Set(lost.flatMap(({ address }) => runnerIdOf(address) ?? []));
  return [...ids].filter((id) => !staying.has(id));
}

function isQuiet({ change }: ShownChange): boolean {
  return change.actions.every((one) => one === 'no-op' || one === 'read');
}
