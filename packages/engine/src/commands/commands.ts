import { eggName, launchKey, machinesAtMost } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { TofuCacheKind } from '@polar-gosling/ports/tofu';
import type { Caller } from '../api/caller.ts';
import type { Commands } from '../api/commands.ts';
import { registrationsOf } from '../bind/registrations-of.ts';
import type { InternalDeps } from '../deps.ts';
import { withEggLease } from '../leases/lease.ts';
import { longLivedSets, runOfSet } from '../long-lived/sets.ts';
import { applyMoves } from '../reconcile/apply-moves.ts';
import { followDeployment } from '../reconcile/deployment.ts';
import { observe } from '../reconcile/observe.ts';
import { rollback } from '../rollback/rollback.ts';
import { byHandRule } from '../rows/by-hand.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites } from '../rows/writes.ts';
import { readNestRow } from '../sync/write-nest.ts';
import { sees } from './sees.ts';

const heldStates: readonly string[] = ['requested', 'provisioning', 'terminating'];
const confirmationKeptMs = 30 * 86_400_000;

/** What an operator may cause; each leaves an audit row with the caller's name. */
export function createCommands(deps: InternalDeps): Commands {
  return {
    sync: (caller, request, options) => sync(deps, { caller, ...request }, options),
    launchRunners: (caller, request, options) => launchRunners(deps, { caller, ...request }, options),
    removeRunner: (caller, request, options) => removeRunner(deps, { caller, ...request }, options),
    redriveTask: (caller, id, options) =>
      deps.queue.redrive(id, { ...options, also: [taskAudit(deps, { caller, action: 'redrive', id })] }),
    purgeTask: (caller, id, options) =>
      deps.queue.purge(id, { ...options, also: [taskAudit(deps, { caller, action: 'purge', id })] }),
    clearCache: (caller, kind, options) => clearCache(deps, { caller, kind }, options),
    setFreeze: (caller, request, options) => setFreeze(deps, { caller, ...request }, options),
    rollback: (caller, request, options) => rollback(deps, { caller, ...request }, options),
  };
}

/** The row first: what is thrown away by halves is told too. */
async function clearCache(
  deps: InternalDeps,
  { caller, kind }: { caller: Caller; kind: TofuCacheKind },
  options: CallOptions,
): Promise<number> {
  const details = { why: `asked for by ${caller.name}` };
  const entry = { actor: caller.name, action: 'clear', resourceType: 'cache', resourceId: kind } as const;
  await deps.store.commit([auditWrite({ ...entry, details }, deps)], options);
  return deps.tofu.clearCache(kind, options);
}

function taskAudit(deps: InternalDeps, at: { caller: Caller; action: string; id: string }): Write {
  const details = { why: `asked for by ${at.caller.name}` };
  const entry = {
    actor: at.caller.name,
    action: at.action,
    resourceType: 'task',
    resourceId: at.id,
  } as const;
  return auditWrite({ ...entry, details }, deps);
}

async function sync(
  deps: InternalDeps,
  at: { caller: Caller; confirm?: string },
  options: CallOptions,
): Promise<void> {
  const now = deps.clock.now();
  const unit: Write[] = [
    outboxWrite({ kind: 'sync', key: 'nest', trace: deps.ids.next() }, deps),
    auditWrite(
      {
        actor: at.caller.name,
        action: 'sync',
        resourceType: 'sync',
        resourceId: 'nest',
        details: { confirm: at.confirm },
      },
      deps,
    ),
  ];
  if (at.confirm !== undefined) {
    const row = { git_commit: at.confirm, by: at.caller.name, at: now, expires_at: now + confirmationKeptMs };
    unit.push({ kind: 'put', table: 'sync_confirmations', row, when: { kind: 'any' } });
  }
  await deps.store.commit(unit, options);
  deps.queue.wake();
}

/** Launches by hand: under the Egg's lease, never above its limits (planned as any other launch would be next time). */
async function launchRunners(
  deps: InternalDeps,
  at: { caller: Caller; egg: string; count: number },
  options: CallOptions,
): Promise<'ok' | 'missing'> {
  if (!sees(at.caller, at.egg)) return 'missing';
  const leased = { egg: at.egg, what: `the runners of ${at.egg}`, signal: options.signal };
  return withEggLease(deps, leased, async (lease) => {
    const inner = { signal: lease.signal, trace: deps.ids.next() };
    const seen = await observe(deps, at.egg, inner);
    if (seen === undefined) return 'missing' as const;
    const [registration] = registrationsOf(seen.config);
    const live = [...seen.runners.values()].filter(
      ({ state }) => state !== 'terminating' && state !== 'failed',
    ).length;
    const { apex } = seen.config.pool;
    const mayLaunch = !seen.facts.frozen && !seen.refused && !seen.facts.isLeaving;
    const room = mayLaunch ? Math.max(0, Math.min(apex.max, machinesAtMost(seen.config.runner)) - live) : 0;
    if (registration === undefined || room === 0) return 'ok' as const;
    const deploymentId = await followDeployment(deps, { seen, lease }, inner);
    const moves = Array.from({ length: Math.min(at.count, room) }, (_, slot) => ({
      kind: 'launch' as const,
      registrationId: registration.id,
      launchKey: launchKey(eggName(at.egg), inner.trace, slot),
      pool: 'apex' as const,
      why: `asked for by ${at.caller.name}`,
      rule: byHandRule,
    }));
    await applyMoves(deps, { seen, lease, moves, deploymentId }, inner);
    return 'ok' as const;
  });
}

/** Drains; `force` ends its jobs. The dialogue with the agent and OpenTofu does the rest. */
async function removeRunner(
  deps: InternalDeps,
  at: { caller: Caller; id: string; force: boolean },
  options: CallOptions,
): Promise<'ok' | 'missing'> {
  const row = await getRow(deps.store, { ...typed.runners, key: { partition: at.id } }, options);
  if (row === undefined || row.state === 'terminated' || !sees(at.caller, row.egg_name)) return 'missing';
  const why = `asked for by ${at.caller.name}`;
  const mark = { action: 'drain', rule: byHandRule, why, by: at.caller.name, at: deps.clock.now() };
  const desired = at.force ? 'stop' : 'drain';
  const unit: Write[] = [
    { kind: 'update', key: { table: 'marks', partition: at.id }, set: mark, when: { kind: 'any' } },
    auditWrite(
      {
        actor: at.caller.name,
        action: desired,
        resourceType: 'runner',
        resourceId: at.id,
        details: { egg: row.egg_name, why },
      },
      deps,
    ),
    ...dirtyWrites(row.egg_name, { trace: at.id }, deps),
  ];
  if (at.force) {
    unit.push({
      kind: 'update',
      key: { table: 'runners', partition: at.id },
      set: { desired },
      when: { kind: 'present' },
    });
  }
  await deps.store.commit(unit, options);
  deps.queue.wake();
  return 'ok';
}

/** Runs that a freeze held up. */
async function wakeShards(
  deps: InternalDeps,
  at: { egg: string; trace: string },
  options: CallOptions,
): Promise<void> {
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: at.egg } }, options);
  const held = members.filter(({ item, state }) => item.startsWith('runner#') && heldStates.includes(state));
  const keys = held.map(({ item }) => ({ partition: item.slice('runner#'.length) }));
  const rows = await getRows(deps.store, { ...typed.runners, keys }, options);
  for (const shard of new Set(rows.map((row) => row.shard))) {
    const message = { kind: 'run', key: `${at.egg}#${shard}`, trace: at.trace } as const;
    await deps.store.commit([outboxWrite(message, deps)], options);
  }
}

async function setFreeze(
  deps: InternalDeps,
  at: { caller: Caller; egg?: string; on: boolean; why: string },
  options: CallOptions,
): Promise<'ok' | 'missing'> {
  if (at.egg !== undefined) {
    const egg = await getRow(deps.store, { ...typed.eggConfigs, key: { partition: at.egg } }, options);
    if (egg === undefined || !sees(at.caller, at.egg)) return 'missing';
  }
  const name = at.egg === undefined ? 'freeze' : `freeze/${at.egg}`;
  const set = { on: at.on, by: at.caller.name, why: at.why, at: deps.clock.now() };
  const action = at.on ? 'freeze' : 'unfreeze';
  const unit: Write[] = [
    { kind: 'update', key: { table: 'switches', partition: name }, set, when: { kind: 'any' } },
    auditWrite(
      { actor: at.caller.name, action, resourceType: 'switch', resourceId: name, details: { why: at.why } },
      deps,
    ),
  ];
  await deps.store.commit(unit, options);
  const eggs = at.egg === undefined ? ((await readNestRow(deps, options))?.eggs ?? []) : [at.egg];
  for (const egg of eggs) {
    await deps.store.commit(dirtyWrites(egg, { trace: name }, deps), options);
    if (!at.on) await wakeShards(deps, { egg, trace: name }, options);
  }
  if (name === 'freeze' && !at.on) {
    const sets = longLivedSets.map((set) => outboxWrite({ ...runOfSet(set), trace: name }, deps));
    await deps.store.commit(sets, options);
  }
  deps.queue.wake();
  return 'ok';
}
