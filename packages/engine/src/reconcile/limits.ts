import {
  bindsTogether,
  dayOf,
  type EggConfig,
  type EggUse,
  type LaunchRoom,
  type Limits,
  launchRoom,
  type PoolPlan,
} from '@polar-gosling/domain';
import type { CallOptions, EggConfigRow, EggStateRow, Write } from '@polar-gosling/ports/store';
import { z } from 'zod';
import type { InternalDeps } from '../deps.ts';
import { allInForce } from '../rollback/in-force.ts';
import { getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { noteProblem } from '../run/problems.ts';
import { readNestRow } from '../sync/write-nest.ts';

/** No label of an Egg: one row counts the launches of all, so that two Eggs never take the last place both. */
const ledgerKey = { table: 'egg_state', partition: '#launches' } as const;
const slot = 'limits';
const notReadMs = 5_000;

const Ledger = z.object({
  version: z.number(),
  /** UTC day, and launches of it by Egg. */
  launches: z.object({ day: z.number(), eggs: z.record(z.string(), z.number()) }),
});

type Room = Pick<Extract<LaunchRoom, { kind: 'limited' }>, 'most' | 'detail' | 'lookAgainAt'> & {
  readonly code: string;
};

export interface LimitsSeen {
  readonly room: Room;
  /** Launches of today by Egg, and the version of the row they were read from; absent: there was none. */
  readonly launches: Readonly<Record<string, number>>;
  readonly version: number | undefined;
}

/**
 * What the limits of the last sync leave to an Egg. The count of launches is read first: whoever launches after that
 * changes its row, and then a launch decided by what was read here does not go through.
 */
export async function observeLimits(
  deps: InternalDeps,
  at: { config: EggConfig; machines: number },
  options: CallOptions,
): Promise<LimitsSeen | undefined> {
  if (deps.limits === undefined) return undefined;
  const now = deps.clock.now();
  const [row] = await deps.store.get([ledgerKey], options);
  const ledger = row === undefined ? undefined : Ledger.parse(row);
  const launches = ledger?.launches.day === dayOf(now) ? ledger.launches.eggs : {};
  const seen = { launches, version: ledger?.version };
  const nest = await readNestRow(deps, options);
  if (nest?.limits === undefined) {
    const detail = 'no sync has read the limits of GOSLING_LIMITS yet; no machine is launched';
    return { ...seen, room: { most: 0, code: 'LIMITS_NOT_READ', detail, lookAgainAt: now + notReadMs } };
  }
  const { limits, eggs } = nest;
  const egg = { ...at, launchedToday: launches[at.config.name] ?? 0 };
  const others = bindsTogether(limits)
    ? await useOfOthers(deps, { names: eggs.filter((name) => name !== at.config.name), launches }, options)
    : [];
  return { ...seen, room: roomOf(limits, { now, egg, others }) };
}

function roomOf(limits: Limits, at: Parameters<typeof launchRoom>[1]): Room {
  const room = launchRoom(limits, at);
  if (room.kind === 'limited') return room;
  return { most: Number.MAX_SAFE_INTEGER, code: '', detail: '', lookAgainAt: Number.MAX_SAFE_INTEGER };
}

async function useOfOthers(
  deps: InternalDeps,
  at: { names: readonly string[]; launches: Readonly<Record<string, number>> },
  options: CallOptions,
): Promise<EggUse[]> {
  const keys = at.names.map((partition) => ({ partition }));
  const uses: EggUse[] = [];
  const rows = await getRows(deps.store, { ...typed.eggConfigs, keys }, options);
  // Under a pin an Egg's machines cost what those of the pinned deployment do, whatever the Nest says now.
  for (const { egg } of await allInForce(deps, rows, options)) {
    const { name, config } = egg;
    const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: name } }, options);
    const machines = members.filter(({ item }) => item.startsWith('runner#')).length;
    uses.push({ config, machines, launchedToday: at.launches[name] ?? 0 });
  }
  return uses;
}

export interface LaunchLedger {
  /** What counts so many launches, in the unit that makes them. */
  writes(launched: number): readonly Write[];
  /** They were written. */
  written(launched: number): void;
}

/** Counts the launches of one pass; none where there are no limits. */
export function createLaunchLedger(
  deps: Pick<InternalDeps, 'clock'>,
  seen: { readonly config: EggConfig; readonly limits?: LimitsSeen },
): LaunchLedger {
  const { limits, config } = seen;
  if (limits === undefined) return { writes: () => [], written: () => undefined };
  const day = dayOf(deps.clock.now());
  let { version } = limits;
  let count = limits.launches[config.name] ?? 0;
  return {
    writes(launched) {
      if (launched === 0) return [];
      const eggs = { ...limits.launches, [config.name]: count + launched };
      const set = { launches: { day, eggs } };
      const when =
        version === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'version', version } as const);
      if (when.kind === 'version') return [{ kind: 'update', key: ledgerKey, set, when }];
      return [{ kind: 'put', table: 'egg_state', row: { egg_name: ledgerKey.partition, ...set }, when }];
    },
    written(launched) {
      if (launched === 0) return;
      count += launched;
      version = (version ?? 0) + 1;
    },
  };
}

/** Shows on the Egg which limit holds its launches, or that none does. Answers when to look again. */
export async function noteHeld(
  deps: InternalDeps,
  at: {
    seen: {
      readonly egg: EggConfigRow;
      readonly state: EggStateRow | undefined;
      readonly limits?: LimitsSeen;
    };
    plan: PoolPlan;
  },
  options: CallOptions,
): Promise<number | undefined> {
  const { seen, plan } = at;
  const { room } = seen.limits ?? {};
  const noted: Readonly<Record<string, unknown>> = seen.state?.problems ?? {};
  if (room === undefined && noted[slot] === undefined) return undefined;
  const isBroken = room?.code === 'LIMIT_BROKEN';
  const isHeld = room !== undefined && (plan.isHeldByLimits === true || isBroken);
  const problem = isHeld ? { code: room.code, detail: room.detail } : undefined;
  await noteProblem(deps, { egg: seen.egg.name, slot, problem }, options);
  return isHeld && plan.isHeldByLimits === true ? room.lookAgainAt : undefined;
}
