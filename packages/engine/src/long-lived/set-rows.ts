import { deploymentStates, mayMove } from '@polar-gosling/domain';
import type { DeploymentRow, PlanRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { auditWrite } from '../rows/writes.ts';
import { planExpiry } from '../run/plan-in-force.ts';
import { type PlanFacts, planWrite } from '../run/run-row.ts';
import type { SetView } from './read-set.ts';

/**
 * A deployment came into force: it has succeeded, and the one before was left, by a commit or by a rollback. What was
 * armed from there leads nowhere any more, and what failed has come right. Whatever became of the rows of deployments
 * during the apply (a newer one may have been opened) does not change what was applied.
 */
export function broughtWrites(
  deps: InternalDeps,
  at: { set: SetView; wanted: DeploymentRow; armed: PlanRow | undefined; kind: 'deploy' | 'rollback' },
): Write[] {
  const { set, wanted, armed, kind } = at;
  const now = deps.clock.now();
  const writes: Write[] = [];
  const when = { kind: 'present' } as const;
  const move = (row: DeploymentRow, state: DeploymentRow['state']) => {
    if (row.state === state || !mayMove(deploymentStates, row.state, state)) return;
    const key = { table: 'deployments', partition: row.egg_name, sort: row.id } as const;
    writes.push({ kind: 'update', key, set: { state, ended_at: row.ended_at ?? now }, when });
  };
  move(wanted, 'succeeded');
  const left = set.deployments.find(({ id }) => id === set.inForce?.deployment_id);
  if (kind === 'rollback' && left !== undefined && left.id !== wanted.id) move(left, 'rolled_back');
  if (set.failing !== undefined) {
    const key = { table: 'egg_state', partition: set.name } as const;
    writes.push({ kind: 'update', key, set: { failing: {} }, when });
  }
  const stale = set.armed === undefined || set.armed.id === armed?.id ? [] : [set.armed];
  const why = 'what it leads away from is not in force any more';
  return [...writes, ...discardWrites(deps, { plans: stale, why })];
}

/** The plan back, and its name on the plan that it leads away from. Nothing to keep: only the one before goes. */
export function armedWrites(
  deps: InternalDeps,
  at: {
    facts: PlanFacts;
    saved: Uint8Array | undefined;
    inForce: PlanRow;
    before: PlanRow | undefined;
  },
): Write[] {
  const { facts, saved, inForce, before } = at;
  const old = before?.status === 'pending' ? [before] : [];
  const writes = discardWrites(deps, { plans: old, why: 'another one took its place' });
  const key = { table: 'deployment_plans', partition: inForce.id } as const;
  const named = { rollback_plan_id: saved === undefined ? undefined : facts.run.planId };
  writes.push({ kind: 'update', key, set: named, when: { kind: 'present' } });
  if (saved !== undefined) writes.push(planWrite(deps, facts, { status: 'pending', binary: saved }));
  return writes;
}

/** Armed plans that lead nowhere any more. */
export function discardWrites(
  deps: InternalDeps,
  { plans, why }: { plans: readonly PlanRow[]; why: string },
): Write[] {
  const now = deps.clock.now();
  return plans.map((plan) => {
    const metadata = { ...plan.metadata, why };
    const set = { status: 'discarded', plan_binary: undefined, metadata, expires_at: planExpiry(now) };
    const key = { table: 'deployment_plans', partition: plan.id } as const;
    return { kind: 'update', key, set, when: { kind: 'version', version: plan.version } };
  });
}

/** What is pinned, by whom and why. */
export function pinSetWrites(
  deps: InternalDeps,
  at: { set: SetView; to: DeploymentRow; by: string },
): Write[] {
  const { set, to, by } = at;
  const why = `rolled back by ${by} to commit ${to.git_commit.slice(0, 8)}`;
  const pin = {
    ...{ deployment_id: to.id, by, why, at: deps.clock.now(), machine: {}, git_commit: to.git_commit },
    // A newer deployment lifts it by itself.
    over: set.deployments[0]?.id ?? '',
  };
  const details = {
    egg: set.name,
    why,
    rule: 'by_hand',
    deployment: to.id,
    before: set.inForce?.deployment_id,
  };
  return [
    { kind: 'update', key: { table: 'pins', partition: set.name }, set: pin, when: { kind: 'any' } },
    auditWrite({ actor: by, action: 'rollback', resourceType: 'egg', resourceId: set.name, details }, deps),
  ];
}
