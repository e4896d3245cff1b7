import {
  type CompiledRule,
  decidePrune,
  eggName,
  isMarkSpent,
  missedHeartbeats,
  type PruneMark,
  type PruneRunner,
  runnerId,
  type UglyFoxConfig,
} from '@polar-gosling/domain';
import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { type Observed, observe } from '../reconcile/observe.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites } from '../rows/writes.ts';
import { noteProblem } from '../run/problems.ts';
import { readNestRow } from '../sync/write-nest.ts';
import { readPolicies } from './read-policies.ts';

/**
 * UglyFox: looks at every Egg's runners by the policies in force and marks those that should go or change tier, each
 * with an audit row. It writes marks only; reconcile acts on them.
 */
export async function prune(deps: InternalDeps, options: CallOptions & { trace: string }): Promise<number> {
  const nest = await readNestRow(deps, options);
  const config = await readPolicies(deps, { commit: nest?.commit ?? '' }, options);
  const rules = config.rules.map((rule) => deps.compileRule(rule));
  let marked = 0;
  for (const egg of nest?.eggs ?? []) {
    options.signal.throwIfAborted();
    const seen = await observe(deps, egg, options);
    if (seen && !seen.facts.frozen) marked += await pruneEgg(deps, { seen, config, rules }, options);
  }
  return marked;
}

async function pruneEgg(
  deps: InternalDeps,
  at: { seen: Observed; config: UglyFoxConfig; rules: readonly CompiledRule[] },
  options: CallOptions & { trace: string },
): Promise<number> {
  const { seen, config, rules } = at;
  const decision = decidePrune({
    now: deps.clock.now(),
    egg: eggName(seen.egg.name),
    limits: seen.config.pool,
    idleTimeoutMs: seen.config.runner.idleTimeoutMs,
    config,
    rules,
    runners: [...seen.runners.values()].map((row) => toPruneRunner(deps, seen, row.id)),
    waitingJobs: seen.facts.waiting.length,
  });
  const broken = decision.problems.map(({ rule, problem }) => `${rule}: ${problem}`).join('; ');
  const problem = broken === '' ? undefined : { code: 'UGLYFOX_RULE_SKIPPED', detail: broken };
  await noteProblem(deps, { egg: seen.egg.name, slot: 'uglyfox', problem }, options);
  let marked = 0;
  for (const mark of decision.marks) {
    if (await writeMark(deps, { seen, mark, trace: options.trace }, options)) marked += 1;
  }
  return marked;
}

function toPruneRunner(deps: InternalDeps, seen: Observed, id: string): PruneRunner {
  const row = seen.runners.get(id);
  const agent = seen.agents.get(id);
  const silentMs = deps.clock.now() - (agent?.last_heartbeat ?? 0);
  const hasJob = (agent?.current_jobs.length ?? 0) > 0;
  return {
    id: runnerId(id),
    egg: eggName(seen.egg.name),
    type: row?.type ?? 'vm',
    state: row?.state ?? 'terminated',
    pool: row?.pool ?? 'apex',
    createdAt: row?.created_at ?? 0,
    ...(agent?.idle_since === undefined || hasJob ? {} : { idleSince: agent.idle_since }),
    failureCount: agent?.failure_count ?? row?.failure_count ?? 0,
    jobCount: agent?.jobs_done ?? 0,
    isUnknown: agent?.last_heartbeat === undefined || silentMs > missedHeartbeats * deps.settings.heartbeatMs,
  };
}

/** One mark, its audit row and the Egg's wake-up; the same mark is written once. */
async function writeMark(
  deps: InternalDeps,
  at: { seen: Observed; mark: PruneMark; trace: string },
  options: CallOptions,
): Promise<boolean> {
  const { mark, seen } = at;
  const before = await getRow(deps.store, { ...typed.marks, key: { partition: mark.runnerId } }, options);
  const isMarked = before?.action === mark.action && before.rule === mark.rule;
  if (isMarked && !isMarkSpent(before, seen.agents.get(mark.runnerId)?.idle_since)) return false;
  const set = { action: mark.action, rule: mark.rule, why: mark.why, by: 'uglyfox', at: deps.clock.now() };
  const unit: Write[] = [
    { kind: 'update', key: { table: 'marks', partition: mark.runnerId }, set, when: { kind: 'any' } },
    auditWrite(
      {
        actor: 'uglyfox',
        action: mark.action,
        resourceType: 'runner',
        resourceId: mark.runnerId,
        details: { egg: seen.egg.name, rule: mark.rule, why: mark.why },
      },
      deps,
    ),
    ...dirtyWrites(seen.egg.name, { trace: at.trace }, deps),
  ];
  await deps.store.commit(unit, options);
  deps.queue.wake();
  deps.log.info('UglyFox marked a runner', {
    egg: seen.egg.name,
    runnerId: mark.runnerId,
    rule: mark.rule,
    reason: mark.why,
  });
  return true;
}
