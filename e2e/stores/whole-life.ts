import { mapLimit } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds, type FakeClock } from '@polar-gosling/testkit';
import { expect } from 'vitest';
import { live, wrongIn } from '../../packages/engine/src/testing/whole-life.ts';
import { openStore, removeStore, type StorePlace } from './open-store.ts';

const atOnce = 4;

/**
 * An Egg's whole life on a real store, once undisturbed and then with one call after another that fails: some of them,
 * spread over the life, or with POLAR_EVERY_CALL every one.
 */
export async function liveWithFailures(
  newPlace: () => StorePlace,
  at: { when: 'before' | 'after'; tries: number },
): Promise<void> {
  const { signal } = new AbortController();
  const once = async (call: number) => {
    const clock = createFakeClock();
    const place = newPlace();
    const inner = await openStore(place, clock);
    const { store, idle } = counting(inner);
    const life = await live(
      { call, when: at.when },
      { store, clock: waitingFor(clock, idle), ids: createSeededIds(1, clock) },
    );
    await inner.close();
    await removeStore(place, clock);
    return life;
  };
  const undisturbed = await once(0);
  expect(wrongIn(undisturbed)).toEqual([]);
  const calls =
    at.when === 'after' ? undisturbed.changes : Array.from({ length: undisturbed.calls }, (_, n) => n + 1);
  const stride = process.env['POLAR_EVERY_CALL'] ? 1 : Math.max(1, Math.floor(calls.length / at.tries));
  const chosen = calls.filter((_, place) => place % stride === Math.floor(stride / 2));
  const lives = await mapLimit(chosen, { limit: atOnce, signal }, async (call) => {
    const wrong = wrongIn(await once(call));
    return wrong.length === 0 ? [] : [{ call, wrong }];
  });
  expect(lives.flat()).toEqual([]);
  expect(lives.length).toBeGreaterThanOrEqual(at.tries);
}

/** A store that knows when nobody waits for it. */
function counting(inner: Store): { store: Store; idle: () => boolean } {
  let waiting = 0;
  const counted = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    waiting++;
    try {
      return await call();
    } finally {
      waiting--;
    }
  };
  return {
    idle: () => waiting === 0,
    store: {
      get: (keys, options) => counted(() => inner.get(keys, options)),
      list: (query, options) => counted(() => inner.list(query, options)),
      commit: (unit, options) => counted(() => inner.commit(unit, options)),
      readOnly: () => inner.readOnly(),
      close: () => inner.close(),
    },
  };
}

/** Lets no time pass while the store is at work: its milliseconds are real, those of the world are not. */
function waitingFor(clock: FakeClock, idle: () => boolean): FakeClock {
  const settle = async () => {
    for (let quiet = 0; quiet < 4; quiet = idle() ? quiet + 1 : 0) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return {
    ...clock,
    async advance(ms) {
      await settle();
      await clock.advance(ms);
      await settle();
    },
  };
}
