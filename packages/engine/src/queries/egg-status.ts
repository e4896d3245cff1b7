import { machinesAtMost, planPool } from '@polar-gosling/domain';
import { toProblem } from '@polar-gosling/kernel';
import type { CallOptions, PinRow } from '@polar-gosling/ports/store';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import type { Caller } from '../api/caller.ts';
import type { EggStatusView, Problem } from '../api/queries.ts';
import { readFreeze } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { type Observed, observe } from '../reconcile/observe.ts';
import { listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { failingRemovals } from '../run/failing-removals.ts';
import { nextTryAt } from '../run/failing-runs.ts';
import { readEgg, withAgents } from './lists.ts';

const historyShown = 10;

/** One Egg as `gosling status` shows it: what is planned, alive, waiting, and what hinders it. */
export async function readEggStatus(
  deps: InternalDeps,
  at: { caller: Caller; name: string },
  options: CallOptions,
): Promise<EggStatusView | undefined> {
  const egg = await readEgg(deps, at, options);
  const seen = egg && (await observe(deps, egg.name, options));
  if (egg === undefined || seen === undefined) return undefined;
  const query = { index: 'egg_name', partition: egg.name, order: 'desc', limit: historyShown } as const;
  const { items: plans } = await listPage(deps.store, { ...typed.plans, query }, options);
  const deployments = { partition: egg.name, order: 'desc', limit: 1 } as const;
  const { items } = await listPage(deps.store, { ...typed.deployments, query: deployments }, options);
  const [deployment] = items;
  const frozen = await readFreeze(deps, egg.name, options);
  const [latestPlan] = plans;
  return {
    egg,
    ...(latestPlan === undefined ? {} : { latestPlan }),
    deploymentHistory: plans,
    activeRunners: await withAgents(deps, [...seen.runners.values()], options),
    ...(deployment === undefined
      ? {}
      : { deployment: { id: deployment.id, state: deployment.state, startedAt: deployment.started_at } }),
    waitingJobs: seen.facts.waiting.length,
    capacity: planPool(seen.facts).capacity,
    ...(frozen === undefined ? {} : { frozen: { by: frozen.by, why: frozen.why, at: frozen.at } }),
    ...(seen.pin === undefined ? {} : { pinned: pinOf(seen.pin) }),
    problems: problemsOf(seen),
  };
}

function pinOf(pin: PinRow): NonNullable<EggStatusView['pinned']> {
  return { deploymentId: pin.deployment_id, commit: pin.git_commit, by: pin.by, why: pin.why, at: pin.at };
}

/** Everything that hinders an Egg now, in words with a code. */
export function problemsOf(seen: Observed): readonly Problem[] {
  const problems: Problem[] = [];
  const { problem } = seen.egg;
  if (seen.egg.status === 'invalid' && problem) {
    const detail = `${problem.file}:${problem.line}: ${problem.message}; the last good version stays in force`;
    problems.push({ code: String(problem.code), detail, since: seen.egg.synced_at });
  }
  const noted: Record<string, { code: string; detail: string; since: number }> = seen.state?.problems ?? {};
  for (const { code, detail, since } of Object.values(noted)) problems.push({ code, detail, since });
  problems.push(...removalProblems(seen));
  const { backoff_until: until, failures } = seen.state ?? {};
  if (until !== undefined && until > seen.facts.now) {
    const detail = `${failures} boots failed in a row; the next trial launch comes at ${new Date(until).toISOString()}`;
    problems.push({ code: 'EGG_BACKOFF', detail, since: seen.facts.now });
  }
  const most = machinesAtMost(seen.config.runner);
  if (seen.config.pool.apex.max < most && seen.facts.waiting.length > 0) {
    const detail = `apex max_count ${seen.config.pool.apex.max} is below the ${most} machines that concurrent asks for`;
    problems.push({ code: 'EGG_CAPPED', detail, since: seen.facts.now });
  }
  return problems;
}

function removalProblems({ state, runners }: Observed): Problem[] {
  return [...failingRemovals(state, runners.values()).values()].map((failing) => {
    const { shard, failures, detail, since } = failing;
    const next = new Date(nextTryAt(failing)).toISOString();
    const told = toProblem(tofuErrors.removalFailed({ shard, failures, detail, next }));
    return { code: told.code, detail: told.detail, since };
  });
}
