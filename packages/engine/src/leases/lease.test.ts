import { silentLogger } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock, type FakeClock } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Lease, type LeaseDeps, type LeaseWatch, withLease } from './lease.ts';

const never = new AbortController().signal;
const name = 'egg/my-app';

let clock: FakeClock;
let store: Store;

beforeEach(() => {
  clock = createFakeClock();
  store = createMemoryStore({ clock });
});

/** One process that wants the lease; it remembers what it has watched. */
function aProcess(holder: string, changes: Partial<LeaseDeps> = {}) {
  const watch: LeaseWatch = new Map();
  const deps: LeaseDeps = { store, clock, log: silentLogger, settings: { holder }, ...changes };
  return {
    run: <Result>(action: (lease: Lease) => Promise<Result>) =>
      withLease(deps, { name, watch, signal: never }, action),
    /** Holds it until it is told to end. */
    hold() {
      const ending = Promise.withResolvers<void>();
      let lease: Lease | undefined;
      const ended = withLease(deps, { name, watch, signal: never }, async (mine) => {
        lease = mine;
        await ending.promise;
      });
      return {
        lease: () => lease,
        end() {
          ending.resolve();
          return ended;
        },
      };
    },
    tryIt: () => withLease(deps, { name, watch, signal: never }, async ({ fence }) => fence),
  };
}

/** The row as a process leaves it that was killed in the middle. */
async function leaveLease(holder: string, fence = 1, runId?: string): Promise<void> {
  const now = clock.now();
  const row = { name, holder, fence, expires_at: now + 30_000, acquired_at: now, run_id: runId };
  await store.commit([{ kind: 'put', table: 'leases', row, when: { kind: 'any' } }], { signal: never });
}

async function readLease() {
  const [row] = await store.get([{ table: 'leases', partition: name }], { signal: never });
  return row;
}

describe('a lease', () => {
  it('is held by one, and given back with a fence that only rises', async () => {
    const a = aProcess('a');
    const b = aProcess('b');
    const holding = a.hold();
    await clock.advance(0);

    expect(await b.tryIt()).toEqual({ kind: 'busy' });
    await holding.end();
    expect(await b.tryIt()).toEqual({ kind: 'done', result: 2 });
    expect(await a.tryIt()).toEqual({ kind: 'done', result: 3 });
    expect(await readLease()).toMatchObject({ holder: '', fence: 3 });
  });

  it('is given back when the work fails', async () => {
    const failing = aProcess('a').run(async () => {
      throw new RangeError('the work failed');
    });

    await expect(failing).rejects.toThrow('the work failed');
    expect(await aProcess('b').tryIt()).toMatchObject({ kind: 'done' });
  });

  it('is renewed while the work goes on, so that a long one keeps it', async () => {
    const holding = aProcess('a').hold();
    const b = aProcess('b');
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      expect(await b.tryIt()).toEqual({ kind: 'busy' });
    }

    expect(holding.lease()?.signal.aborted).toBe(false);
    await holding.end();
  });

  it('tells its next holder of the run that was in flight', async () => {
    await leaveLease('dead', 7, 'run-1');

    const left = aProcess('b', { isHolderGone: () => true }).run(async ({ leftRunId, fence }) => ({
      leftRunId,
      fence,
    }));

    expect(await left).toEqual({ kind: 'done', result: { leftRunId: 'run-1', fence: 8 } });
  });
});

describe('a lease whose holder does not renew', () => {
  it('is taken only after its fence was watched unrenewed for 35 s', async () => {
    await leaveLease('silent');
    const b = aProcess('b');

    expect(await b.tryIt()).toEqual({ kind: 'busy' });
    await clock.advance(34_999);
    expect(await b.tryIt()).toEqual({ kind: 'busy' });
    await clock.advance(1);
    expect(await b.tryIt()).toEqual({ kind: 'done', result: 2 });
  });

  it('is not taken sooner because the wall clock jumped', async () => {
    await leaveLease('silent');
    const b = aProcess('b');
    await b.tryIt();

    clock.jump(3_600_000);

    expect(await b.tryIt()).toEqual({ kind: 'busy' });
  });

  it('is watched anew after each renewal', async () => {
    await leaveLease('slow');
    const b = aProcess('b');
    await b.tryIt();
    await clock.advance(30_000);
    await leaveLease('slow');

    expect(await b.tryIt()).toEqual({ kind: 'busy' });
    await clock.advance(20_000);
    expect(await b.tryIt()).toEqual({ kind: 'busy' });
  });
});

describe('a lease whose holder is proved gone', () => {
  it('is taken at once', async () => {
    await leaveLease('dead', 4);

    const outcome = await aProcess('b', { isHolderGone: (holder) => holder === 'dead' }).tryIt();

    expect(outcome).toEqual({ kind: 'done', result: 5 });
  });

  it('goes to one of several that see it at the same time', async () => {
    await leaveLease('dead');
    const others = ['b', 'c', 'd'].map((holder) => aProcess(holder, { isHolderGone: () => true }));
    const held = Promise.withResolvers<void>();

    const running = others.map(({ run }) => run(() => held.promise));
    await clock.advance(0);
    held.resolve();
    const outcomes = await Promise.all(running);

    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1);
  });

  it('is not taken from a process of the same name: that one watches itself', async () => {
    await leaveLease('b');

    expect(await aProcess('b', { isHolderGone: () => true }).tryIt()).toEqual({ kind: 'busy' });
  });

  it('is lost to a holder that was wrongly taken for gone: its writes fail and its signal ends it', async () => {
    const holding = aProcess('a').hold();
    await clock.advance(0);
    const check = holding.lease()?.check();

    await aProcess('b', { isHolderGone: () => true }).tryIt();
    const written = await store.commit(check ? [check] : [], { signal: never });
    await clock.advance(10_000);

    expect(written).toEqual({ kind: 'conflict', item: 0 });
    expect(holding.lease()?.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    await holding.end();
  });
});

describe('a holder that cannot renew', () => {
  it('stops after 20 s', async () => {
    let isDown = false;
    const flaky: Store = {
      ...store,
      commit: async (unit, options) => {
        if (isDown) throw new RangeError('disk full');
        return store.commit(unit, options);
      },
    };
    const holding = aProcess('a', { store: flaky }).hold();
    await clock.advance(0);

    isDown = true;
    await clock.advance(19_999);
    expect(holding.lease()?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(holding.lease()?.signal.reason).toMatchObject({ code: 'LEASE_LOST' });

    await holding.end();
  });

  it('stops after 20 s though the store hangs and hears no signal, and ends', async () => {
    let isHung = false;
    const hanging: Store = {
      ...store,
      commit: (unit, options) => (isHung ? new Promise(() => undefined) : store.commit(unit, options)),
    };
    const holding = aProcess('a', { store: hanging }).hold();
    await clock.advance(0);

    isHung = true;
    await clock.advance(19_999);
    expect(holding.lease()?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(holding.lease()?.signal.reason).toMatchObject({ code: 'LEASE_LOST' });

    const ended = holding.end();
    await clock.advance(20_000);
    expect(await ended).toMatchObject({ kind: 'done' });
  });

  it('keeps the lease when the store hangs for a moment only', async () => {
    let isHung = false;
    const hanging: Store = {
      ...store,
      commit: (unit, options) => (isHung ? new Promise(() => undefined) : store.commit(unit, options)),
    };
    const holding = aProcess('a', { store: hanging }).hold();
    await clock.advance(9_000);

    isHung = true;
    await clock.advance(7_000);
    isHung = false;
    await clock.advance(60_000);

    expect(holding.lease()?.signal.aborted).toBe(false);
    await holding.end();
  });
});
