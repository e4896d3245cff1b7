import type { Store } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds, type FakeClock } from '@polar-gosling/testkit';
import { expect } from 'vitest';
import { live } from '../../packages/engine/src/testing/whole-life.ts';
import { openStore, type StorePlace } from './open-store.ts';

/** An Egg's whole life on a real store, once undisturbed and then with one call after another that fails. */
export async function liveWithFailures(
  newPlace: () => StorePlace,
  at: { when: 'before' | 'after'; tries: number },
): Promise<void> {
  const once = async (call: number) => {
    const clock = createFakeClock();
    const inner = await openStore(newPlace(), clock);
    const { store, idle } = counting(inner);
    const lived = await live(
      { call, when: at.when },
      { store, clock: waitingFor(clock, idle), ids: createSeededIds(1, clock) },
    );
    await inner.close();
    return lived;
  };
  const { calls } = await once(0);
  const stride = Math.max(1, Math.floor(calls / at.tries));
  for (let call = 1 + Math.floor(stride / 2); call <= calls; call += stride) {
    const { plane, steps } = await once(call);

    expect({ call, steps }).toEqual({
      call,
      steps: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(plane.recording.unaudited).toEqual([]);
    expect(plane.tofu.violations).toEqual([]);
    expect([...plane.model.hooks.values()].map(({ projectId }) => projectId)).toEqual([2]);
  }
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
