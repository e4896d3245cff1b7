import { once } from 'node:events';
import { type Clock, createSystemClock, silentLogger } from '@polar-gosling/kernel';
import type { Unit } from '@polar-gosling/ports/store';
import { type Lease, type LeaseWatch, withLease } from '../../packages/engine/src/leases/lease.ts';
import { openStore, type StorePlace } from './open-store.ts';

// One of the processes of the lease tests. `race MS`: takes the lease again and again, and writes under it; `hold`:
// takes it, and writes when a line comes. Says on stdout what it was told.

const [placeText = '{}', holder = '', mode = '', forMs = '0'] = process.argv.slice(2);
const place: StorePlace = JSON.parse(placeText);
/** Leases run out 20 times as fast. */
const speed = 20;
const system = createSystemClock();
const clock: Clock = {
  now: () => system.now(),
  monotonic: () => system.monotonic() * speed,
  sleep: (ms, signal) => system.sleep(ms / speed, signal),
};
const { signal } = new AbortController();
const store = await openStore(place, clock);
const deps = { store, clock, log: silentLogger, settings: { holder } };
const watch: LeaseWatch = new Map();
const say = (text: string) => process.stdout.write(`${text}\n`);

/** One row per fence and number: a second holder of one fence would meet the first one's. */
function workOf(lease: Lease, number: number): Unit {
  const item = `run#${lease.fence}#${number}`;
  const row = { egg_name: 'race', item, state: holder };
  const total = { table: 'switches', partition: 'total' } as const;
  return [
    lease.check(),
    { kind: 'put', table: 'egg_members', row, when: { kind: 'absent' } },
    { kind: 'update', key: total, add: { count: 1 }, when: { kind: 'any' } },
  ];
}

async function work(lease: Lease, number: number): Promise<boolean> {
  const outcome = await store.commit(workOf(lease, number), { signal });
  say(outcome.kind === 'ok' ? `ok ${lease.fence} ${number}` : `conflict ${outcome.item} ${lease.fence}`);
  return outcome.kind === 'ok';
}

async function race(): Promise<void> {
  const endsAt = system.monotonic() + Number(forMs);
  while (system.monotonic() < endsAt) {
    const taken = await withLease(deps, { name: 'race', watch, signal }, async (lease) => {
      for (let number = 0; number < 3; number++) if (!(await work(lease, number))) break;
    });
    if (taken.kind === 'busy') await system.sleep(10, signal);
  }
}

async function hold(): Promise<void> {
  for (;;) {
    const taken = await withLease(deps, { name: 'race', watch, signal }, async (lease) => {
      say(`holding ${lease.fence}`);
      await once(process.stdin, 'data');
      await work(lease, 0);
    });
    if (taken.kind === 'done') return;
    await system.sleep(50, signal);
  }
}

await (mode === 'race' ? race() : hold());
await store.close();
process.stdin.destroy();
