import type { EggConfig } from '../egg.ts';
import { checkLimits, ruleFor } from './check-limits.ts';
import type { LimitRule, Limits } from './limits.ts';
import { priceOf } from './machine-types.ts';

const hoursOfDay = 24;
const dayMs = hoursOfDay * 3_600_000;
/** Machines that end free their place in the counts; nobody tells the Eggs that wait for it. */
const lookAgainMs = 60_000;

/** What lives and what was launched, of one Egg. */
export interface EggUse {
  readonly config: EggConfig;
  /** Machines that exist, or are asked for. */
  readonly machines: number;
  /** Launches of this day (UTC). */
  readonly launchedToday: number;
}

export type LaunchRoom =
  | { readonly kind: 'free' }
  /** No more than `most` launches; `code` and `detail` say which limit that is. */
  | {
      readonly kind: 'limited';
      readonly most: number;
      readonly code: LimitCode;
      readonly detail: string;
      readonly lookAgainAt: number;
    };

export type LimitCode = 'LIMIT_BROKEN' | 'LIMIT_MACHINES' | 'LIMIT_MACHINES_PER_DAY' | 'LIMIT_MONEY_PER_DAY';

type Limited = Extract<LaunchRoom, { kind: 'limited' }>;

/**
 * How many machines an Egg may still be given now: what its rules and the limits of all Eggs together leave, the least of
 * them. `others` counts only where `limits` bind all Eggs together.
 */
export function launchRoom(
  limits: Limits,
  at: { readonly now: number; readonly egg: EggUse; readonly others: readonly EggUse[] },
): LaunchRoom {
  const { egg, now } = at;
  const [broken] = checkLimits(egg.config, limits);
  if (broken !== undefined) {
    const detail = `${broken.rule}: ${broken.detail}; no machine is launched`;
    return { kind: 'limited', most: 0, code: 'LIMIT_BROKEN', detail, lookAgainAt: now + lookAgainMs };
  }
  const rule = ruleFor(egg.config.name, limits);
  const shared = { egg, now, prices: limits.prices };
  const rooms = [
    ...(rule === undefined ? [] : roomsOf(rule, { ...shared, name: `rules.${rule.name}.`, uses: [egg] })),
    ...roomsOf(limits, { ...shared, name: '', uses: [egg, ...at.others] }),
  ];
  return rooms.toSorted((a, b) => a.most - b.most)[0] ?? { kind: 'free' };
}

/** Does a limit bind all Eggs together, so that an Egg's launches depend on the others? */
export function bindsTogether({ machines, machinesPerDay, moneyPerDay }: Limits): boolean {
  return machines !== undefined || machinesPerDay !== undefined || moneyPerDay !== undefined;
}

/** The day that counts of launches belong to. */
export function dayOf(now: number): number {
  return Math.floor(now / dayMs);
}

function roomsOf(
  limit: Pick<LimitRule, 'machines' | 'machinesPerDay' | 'moneyPerDay'>,
  at: { name: string; uses: readonly EggUse[]; egg: EggUse; now: number; prices: Limits['prices'] },
): Limited[] {
  const { uses, now, prices } = at;
  const rooms: Limited[] = [];
  const soon = now + lookAgainMs;
  const limited = (code: LimitCode, given: { most: number; what: string; lookAgainAt: number }) => {
    const most = Math.max(0, Math.floor(given.most));
    rooms.push({
      kind: 'limited',
      most,
      code,
      detail: `${at.name}${given.what}`,
      lookAgainAt: given.lookAgainAt,
    });
  };
  if (limit.machines !== undefined) {
    const living = sum(uses, ({ machines }) => machines);
    const what = `machines: no more than ${limit.machines} may exist at once`;
    limited('LIMIT_MACHINES', { most: limit.machines - living, what, lookAgainAt: soon });
  }
  if (limit.machinesPerDay !== undefined) {
    const launched = sum(uses, ({ launchedToday }) => launchedToday);
    const what = `machines_per_day: no more than ${limit.machinesPerDay} are launched in a day (UTC)`;
    const lookAgainAt = (dayOf(now) + 1) * dayMs;
    limited('LIMIT_MACHINES_PER_DAY', { most: limit.machinesPerDay - launched, what, lookAgainAt });
  }
  if (limit.moneyPerDay !== undefined) {
    const dearest = Math.max(0, ...Object.values(prices));
    const spent = sum(uses, ({ config, machines }) => machines * (priceOf(config, prices) ?? dearest));
    const price = priceOf(at.egg.config, prices) ?? dearest;
    const left = limit.moneyPerDay / hoursOfDay - spent;
    const what = `money_per_day: the machines that exist may cost no more than ${limit.moneyPerDay} a day`;
    // A sum of prices in binary fractions may lie a little above what it is.
    const most = price === 0 ? Number.MAX_SAFE_INTEGER : left / price + 1e-9;
    limited('LIMIT_MONEY_PER_DAY', { most, what, lookAgainAt: soon });
  }
  return rooms;
}

function sum(uses: readonly EggUse[], of: (use: EggUse) => number): number {
  return uses.reduce((total, use) => total + of(use), 0);
}
