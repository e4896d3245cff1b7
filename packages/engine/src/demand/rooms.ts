import { type EggConfig, type EggRoom, eggName } from '@polar-gosling/domain';
import type { CallOptions, EggConfigRow, EggMemberRow, EggStateRow } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { readInForce } from '../rollback/in-force.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { isFrozen } from './freeze.ts';

/** How much each Egg may still take on, from consistent reads by key. `except`: this member is not counted. */
export async function readRooms(
  deps: EngineDeps,
  eggs: readonly string[],
  options: CallOptions & { except?: string },
): Promise<EggRoom[]> {
  const rooms: EggRoom[] = [];
  for (const egg of eggs) {
    const config = (await readInForce(deps, egg, options))?.egg;
    if (config === undefined) continue;
    const state = await getRow(deps.store, { ...typed.eggState, key: { partition: egg } }, options);
    const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
    const frozen = await isFrozen(deps, egg, options);
    rooms.push(roomOf({ config, state, members, frozen, except: options.except, now: deps.clock.now() }));
  }
  return rooms;
}

interface RoomFacts {
  readonly config: EggConfigRow;
  readonly state: EggStateRow | undefined;
  readonly members: readonly EggMemberRow[];
  readonly frozen: boolean;
  readonly except: string | undefined;
  readonly now: number;
}

function roomOf(facts: RoomFacts): EggRoom {
  const effective: EggConfig = facts.config.config;
  const jobs = facts.members.filter(({ item }) => item.startsWith('job#') && item !== facts.except);
  const idleRunners = facts.members.filter(
    ({ item, state }) => item.startsWith('runner#') && state === 'idle',
  );
  const refused = refusal(facts);
  return {
    egg: eggName(facts.config.name),
    room: Math.max(0, effective.runner.concurrent - jobs.length),
    idle: idleRunners.length * effective.runner.jobsPerRunner,
    ...(refused === undefined ? {} : { refusedBecause: refused }),
  };
}

function refusal(facts: RoomFacts): EggRoom['refusedBecause'] | undefined {
  if (facts.config.status === 'draining') return 'leaving';
  if (facts.frozen) return 'frozen';
  if ((facts.state?.backoff_until ?? 0) > facts.now) return 'backoff';
  return undefined;
}
