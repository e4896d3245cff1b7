import { deadlineOf, runnerStates } from '@polar-gosling/domain';
import { isCoded } from '@polar-gosling/kernel';
import { type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, RunnerRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRows } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites, member, memberWrite } from '../rows/writes.ts';
import { noteProblem } from '../run/problems.ts';
import { readNestRow } from '../sync/write-nest.ts';

/** Looks, a sweep apart, that must find the machine of an ended runner before it is believed. */
const strikesNeeded = 2;
const slot = 'machines';

/**
 * Looks in each cloud for machines of this installation that outlived their runners. Twice found, the runner of one is
 * to be removed again: its machine is told to the state and goes as any other. One without a row, or of an Egg that has
 * left the Nest, is told to people and left alone. A machine that was made under another name of an installation is
 * ours when a row of ours names it. A cloud that does not answer proves nothing. Safe to repeat.
 */
export async function sweepMachines(deps: InternalDeps, options: CallOptions): Promise<void> {
  const eggs = new Set((await readNestRow(deps, options))?.eggs ?? []);
  const { machines, isWhole } = await listMachines(deps, options);
  const keys = machines.map(({ runnerId }) => ({ partition: runnerId }));
  const rows = await getRows(deps.store, { ...typed.runners, keys }, options);
  const named = new Set(rows.map(({ id }) => id));
  const known = new Map(rows.filter((row) => eggs.has(row.egg_name)).map((row) => [row.id, row]));
  for (const row of known.values()) {
    if (row.state === 'terminated') await strike(deps, row, options);
  }
  const { installation: us } = deps.settings;
  const ours = machines.filter(({ runnerId, installation }) => installation === us || named.has(runnerId));
  const unknown = ours.filter(({ runnerId }) => !known.has(runnerId));
  await tellOf(deps, { unknown, eggs, isWhole }, options);
}

async function listMachines(
  deps: InternalDeps,
  options: CallOptions,
): Promise<{ machines: readonly Machine[]; isWhole: boolean }> {
  const machines: Machine[] = [];
  let isWhole = true;
  for (const [cloud, port] of Object.entries(deps.cloudMachines ?? {})) {
    try {
      machines.push(...(await port.list(options)));
    } catch (error) {
      if (!isCoded(error, 'MACHINES_UNAVAILABLE')) throw error;
      isWhole = false;
      deps.log.warn('a cloud could not be looked through for machines that outlived their runners', {
        kind: cloud,
        error,
      });
    }
  }
  return { machines: machines.filter(({ state }) => state !== 'gone'), isWhole };
}

/** The first look may have met a machine on its way down. */
async function strike(deps: InternalDeps, row: RunnerRow, options: CallOptions): Promise<void> {
  const key = { table: 'runners', partition: row.id } as const;
  const when = { kind: 'version', version: row.version } as const;
  const strikes = row.strikes + 1;
  if (strikes < strikesNeeded) {
    await deps.store.commit([{ kind: 'update', key, set: { strikes }, when }], options);
    return;
  }
  const outcome = await deps.store.commit(removeAgain(deps, row), options);
  if (outcome.kind !== 'ok') return; // somebody else saw it too
  deps.queue.wake();
  deps.metrics.leakedMachine();
  deps.log.error('a machine outlived its runner; it is removed', { egg: row.egg_name, runnerId: row.id });
}

function removeAgain(deps: InternalDeps, row: RunnerRow): Write[] {
  const { id, egg_name: egg } = row;
  const now = deps.clock.now();
  const { gone: _gone, tainted: _tainted, doubtful_since: _since, ...known } = { ...row.metadata };
  const set = {
    ...{ state: 'terminating', state_since: now, deadline_at: deadlineOf(runnerStates, 'terminating', now) },
    ...{ made: true, strikes: 0, expires_at: undefined },
    // No state knows it: it is looked for by its tag.
    metadata: { ...known, vanished: true },
  };
  const key = { table: 'runners', partition: id } as const;
  const why = 'its machine was found by its tag after its end';
  const details = { egg, before: { state: row.state }, why };
  return [
    { kind: 'update', key, set, when: { kind: 'version', version: row.version } },
    memberWrite(egg, member.runner(id), 'terminating'),
    auditWrite({ actor: 'sweep', action: 'found', resourceType: 'runner', resourceId: id, details }, deps),
    ...dirtyWrites(egg, { trace: id }, deps),
    outboxWrite({ kind: 'run', key: `${egg}#${row.shard}`, trace: id }, deps),
  ];
}

/** On the Egg that their tags name; of an Egg that is gone only in the log. Taken back once every cloud has answered. */
async function tellOf(
  deps: InternalDeps,
  { unknown, eggs, isWhole }: { unknown: readonly Machine[]; eggs: ReadonlySet<string>; isWhole: boolean },
  options: CallOptions,
): Promise<void> {
  for (const egg of eggs) {
    const own = unknown.filter((machine) => machine.egg === egg);
    if (own.length === 0 && !isWhole) continue;
    const error =
      own.length === 0 ? undefined : machinesErrors.unknown({ machines: own.map(sayWhich).join('; ') });
    const problem = error && { code: error.code, detail: error.message };
    await noteProblem(deps, { egg, slot, problem }, options);
  }
  for (const machine of unknown) {
    deps.log.error('a machine with our tags runs, and no runner answers for it', {
      egg: machine.egg,
      runnerId: machine.runnerId,
      reason: sayWhich(machine),
    });
  }
}

function sayWhich({ runnerId, resources = [] }: Machine): string {
  const parts = resources.map(({ type, id }) => `${type} ${id}`).join(', ');
  return parts === '' ? `that of runner ${runnerId}` : `${parts} (runner ${runnerId})`;
}
