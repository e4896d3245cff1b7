import { silentLogger } from '@polar-gosling/kernel';
import { type Store, storeErrors } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBudget } from './budget.ts';
import { createSharedBudget } from './shared-budget.ts';

const { signal } = new AbortController();
const at = { server: 'gitlab.test', key: 'a' };
const clock = createFakeClock();
let store: Store;
let writes = 0;

beforeEach(() => {
  const memory = createMemoryStore({ clock });
  writes = 0;
  const commit: Store['commit'] = (unit, options) => {
    writes += 1;
    return memory.commit(unit, options);
  };
  store = { ...memory, commit };
});

/** One process: it believes of each answer only that the limit is `limit`, as if none of its own calls were seen yet. */
function aProcess(limit: number, over: Store = store) {
  const shared = createSharedBudget({ store: over, clock, logger: silentLogger });
  const ids = createSeededIds(7, clock);
  const budget = createBudget({ clock, ids, patienceMs: 5_000, onRateLimit: undefined, shared });
  const observe = () => budget.observe(at, { limit, remaining: limit, resetAtMs: clock.now() + 60_000 });
  observe();
  return { budget, observe };
}

/** How many of these calls may go. */
async function callsOf(processes: readonly ReturnType<typeof aProcess>[], tries: number): Promise<number> {
  let made = 0;
  for (let call = 0; call < tries; call++) {
    const { budget, observe } = processes[call % processes.length] ?? aProcess(0);
    observe();
    made += await budget.take(at, 'demand', signal).then(
      () => 1,
      () => 0,
    );
  }
  return made;
}

describe('a budget shared through the store', () => {
  it('lets two processes make no more calls together than one may, and as many again in the next window', async () => {
    const both = [aProcess(120), aProcess(120)];

    expect(await callsOf(both, 300)).toBe(120);
    await clock.advance(60_000);
    expect(await callsOf(both, 300)).toBe(120);
  });

  it('writes once for 50 calls', async () => {
    await callsOf([aProcess(1_000)], 500);

    expect(writes).toBe(10);
  });

  it('takes one chunk for calls that start together', async () => {
    const { budget } = aProcess(1_000);

    await Promise.all(Array.from({ length: 40 }, () => budget.take(at, 'demand', signal)));

    expect(writes).toBe(1);
  });

  it('gives no more than the server says is left, whoever used it up', async () => {
    const { budget } = aProcess(100);
    budget.observe(at, { limit: 100, remaining: 3, resetAtMs: clock.now() + 60_000 });

    for (let call = 0; call < 3; call++) await budget.take(at, 'demand', signal);

    await expect(budget.take(at, 'demand', signal)).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
  });

  it('goes by its own count while the store does not answer', async () => {
    const down: Store = { ...store, get: () => Promise.reject(storeErrors.unavailable({ op: 'get' })) };

    expect(await callsOf([aProcess(10, down)], 5)).toBe(5);
  });

  it('writes nothing for a server that says nothing of a limit', async () => {
    const shared = createSharedBudget({ store, clock, logger: silentLogger });
    const ids = createSeededIds(7, clock);
    const budget = createBudget({ clock, ids, patienceMs: 5_000, onRateLimit: undefined, shared });

    for (let call = 0; call < 100; call++) await budget.take(at, 'demand', signal);

    expect(writes).toBe(0);
  });
});
