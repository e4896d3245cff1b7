import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { storeErrors } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { InternalDeps } from '../deps.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { withFaults } from '../testing/with-faults.ts';
import { tick } from './tick.ts';
import { work } from './work.ts';

let plane: ControlPlane;
const results: string[] = [];

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: {} }));
  for (const row of await plane.recording.rows('outbox')) {
    const key = { table: 'outbox', partition: String(row['id']) } as const;
    await plane.deps.store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], direct);
  }
  results.length = 0;
});

/** The engine with a GitLab that fails so at each reading of open jobs. */
function failingWith(error: () => unknown): InternalDeps {
  const reader = withFaults(plane.deps.gitlab.reader, (method) =>
    method === 'openJobs' ? { error: error() } : undefined,
  );
  const task = (kind: string, result: string) => void results.push(`${kind} ${result}`);
  return {
    ...plane.deps,
    gitlab: { ...plane.deps.gitlab, reader },
    metrics: { ...plane.deps.metrics, task },
  };
}

async function send(kind: 'sweep' | 'schedule' | 'reconcile'): Promise<void> {
  await plane.deps.store.commit([outboxWrite({ kind, key: 'gitlab.com#1', trace: 't' }, plane.deps)], direct);
}

async function workFor(deps: InternalDeps, ms: number): Promise<void> {
  const stop = new AbortController();
  const done = work(deps, { signal: stop.signal });
  for (let passed = 0; passed < ms; passed += 1_000) await plane.clock.advance(1_000);
  stop.abort();
  await done;
}

const stats = () => plane.deps.queue.stats(direct);

describe('work', () => {
  it('puts a message aside that fails five times for a reason nobody foresaw', async () => {
    await send('sweep');
    await workFor(
      failingWith(() => new RangeError('a bug')),
      120_000,
    );

    expect(results).toEqual([...Array.from({ length: 4 }, () => 'sweep retry'), 'sweep buried']);
    expect(await stats()).toMatchObject({ buried: 1, ready: 0, delayed: 0 });
  });

  it('puts a message aside that fails five times with a code that nothing mends, and says why', async () => {
    const problem = 'egg_name: expected string';
    await send('sweep');
    await workFor(
      failingWith(() => storeErrors.badRow({ table: 'runners', problem })),
      120_000,
    );

    expect(results).toEqual([...Array.from({ length: 4 }, () => 'sweep retry'), 'sweep buried']);
    const { items } = await plane.deps.queue.buried({ limit: 9 }, direct);
    expect(items).toMatchObject([{ message: { kind: 'sweep' }, reason: expect.stringContaining(problem) }]);
  });

  it('keeps one dead letter of what is sent again and fails again, the last', async () => {
    let now = 'first';
    const broken = failingWith(() => new RangeError(now));
    const buried = async () => (await plane.deps.queue.buried({ limit: 9 }, direct)).items;
    await send('sweep');
    await workFor(broken, 60_000);
    const [first] = await buried();
    now = 'second';
    await send('sweep');
    await workFor(broken, 60_000);

    const left = await buried();
    expect(left).toHaveLength(1);
    expect(left[0]?.id).not.toBe(first?.id);
    expect(results.filter((result) => result === 'sweep buried')).toHaveLength(2);
  });

  it('tries what somebody can mend for ever, later each time, at most a minute apart', async () => {
    const times: number[] = [];
    const from = plane.clock.now();
    await send('sweep');
    const error = () => {
      times.push(Math.round((plane.clock.now() - from) / 1_000));
      return gitlabErrors.unauthorized({ server: 'gitlab.com' });
    };
    await workFor(failingWith(error), 10 * 60_000);

    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(times.length).toBeGreaterThan(10);
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(61);
    expect(await stats()).toMatchObject({ buried: 0 });
  });

  it('gives what it has back when it is told to stop', async () => {
    await send('sweep');
    let calls = 0;
    const openJobs: typeof plane.deps.gitlab.reader.openJobs = async (_target, _id, options) => {
      calls++;
      await plane.clock.sleep(3_600_000, options.signal);
      return [];
    };
    const reader = { ...plane.deps.gitlab.reader, openJobs };
    await workFor({ ...plane.deps, gitlab: { ...plane.deps.gitlab, reader } }, 60_000);

    expect(calls).toBe(1);
    expect(await stats()).toMatchObject({ ready: 1, leased: 0, buried: 0 });
  });

  it('does not count returns without a failure towards poison', async () => {
    await send('sweep');
    for (let turn = 0; turn < 8; turn++) {
      const [delivery] = await plane.deps.queue.receive({ max: 1, leaseMs: 1_000, waitMs: 0 }, direct);
      if (delivery) await plane.deps.queue.nack(delivery, { delayMs: 0, reason: 'more to do' }, direct);
    }
    await workFor(
      failingWith(() => new RangeError('a bug')),
      5_000,
    );

    expect(await stats()).toMatchObject({ buried: 0 });
  });

  it('puts a message aside, unworked, that ten holders in a row gave no answer for', async () => {
    await send('sweep');
    for (let turn = 0; turn < 10; turn++) {
      await plane.deps.queue.receive({ max: 1, leaseMs: 1_000, waitMs: 0 }, direct);
      await plane.clock.advance(1_000);
    }
    plane.gitlab.calls.length = 0;
    await workFor(plane.deps, 2_000);

    expect(plane.gitlab.calls).toEqual([]);
    const { items } = await plane.deps.queue.buried({ limit: 1 }, direct);
    expect(items).toMatchObject([
      { receives: 11, reason: '10 workers in a row died or hung while they had it' },
    ]);
  });

  /** Open jobs that are read until the caller gives up; `isDeaf`: for ever. */
  function slow(isDeaf = false): { deps: InternalDeps; calls: AbortSignal[] } {
    const calls: AbortSignal[] = [];
    const openJobs: typeof plane.deps.gitlab.reader.openJobs = async (_target, _id, { signal }) => {
      calls.push(signal);
      await plane.clock.sleep(3_600_000, isDeaf ? direct.signal : signal);
      return [];
    };
    const reader = { ...plane.deps.gitlab.reader, openJobs };
    return { deps: { ...plane.deps, gitlab: { ...plane.deps.gitlab, reader } }, calls };
  }

  it('holds what takes longer than a lease, and nobody else gets it', async () => {
    await send('sweep');
    const { deps, calls } = slow();
    await workFor(deps, 5 * 60_000);

    expect(calls).toHaveLength(1);
  });

  it('stops work whose lease may be over because the queue did not answer', async () => {
    await send('sweep');
    const { deps, calls } = slow();
    const queue = withFaults(deps.queue, (method) =>
      method === 'extend' ? { error: new RangeError('down') } : undefined,
    );
    const stop = new AbortController();
    const done = work({ ...deps, queue }, { signal: stop.signal });
    await plane.clock.advance(29_000);
    expect(calls.map(({ aborted }) => aborted)).toEqual([false]);
    await plane.clock.advance(2_000);

    expect(calls[0]?.aborted).toBe(true);
    stop.abort();
    await plane.clock.advance(1_000);
    await done;
  });

  it('stops work whose lease is over while the queue hangs and hears no signal', async () => {
    await send('sweep');
    const { deps, calls } = slow();
    const queue = { ...deps.queue, extend: () => new Promise<never>(() => undefined) };
    const stop = new AbortController();
    const done = work({ ...deps, queue }, { signal: stop.signal });
    await plane.clock.advance(29_000);
    expect(calls.map(({ aborted }) => aborted)).toEqual([false]);
    await plane.clock.advance(2_000);

    expect(calls[0]?.aborted).toBe(true);
    stop.abort();
    await plane.clock.advance(6_000);
    await done;
  });

  it('stops work whose message somebody else has now', async () => {
    await send('sweep');
    const { deps, calls } = slow();
    const stop = new AbortController();
    const done = work(deps, { signal: stop.signal });
    await plane.clock.advance(1_000);
    await plane.deps.queue.giveBackAll(direct);
    const [other] = await plane.deps.queue.receive({ max: 1, leaseMs: 90_000, waitMs: 0 }, direct);
    await plane.clock.advance(11_000);

    expect(calls[0]?.aborted).toBe(true);
    expect(await plane.deps.queue.ack(other ?? expect.fail(), direct)).toBe('ok');
    stop.abort();
    await plane.clock.advance(1_000);
    await done;
    expect(await stats()).toMatchObject({ ready: 0, delayed: 0, buried: 0 });
  });

  it('ends within a bound though a task does not, and gives its message back', async () => {
    await send('sweep');
    const { deps } = slow(true);
    const stop = new AbortController();
    let hasEnded = false;
    const done = work(deps, { signal: stop.signal }).then(() => {
      hasEnded = true;
    });
    await plane.clock.advance(1_000);
    stop.abort();
    await plane.clock.advance(44_000);
    expect(hasEnded).toBe(false);
    await plane.clock.advance(1_000);
    await done;

    expect(await stats()).toMatchObject({ ready: 1, leased: 0 });
  });

  it('never has more in hand than it may', async () => {
    for (let id = 2; id <= 20; id++) {
      const message = { kind: 'sweep', key: `gitlab.com#${id}`, trace: 't' } as const;
      await plane.deps.store.commit([outboxWrite(message, plane.deps)], direct);
    }
    let most = 0;
    const held = new Set<string>();
    const queue = {
      ...plane.deps.queue,
      async receive(...given: Parameters<typeof plane.deps.queue.receive>) {
        const deliveries = await plane.deps.queue.receive(...given);
        for (const { id } of deliveries) held.add(id);
        most = Math.max(most, held.size);
        return deliveries;
      },
      async ack(...given: Parameters<typeof plane.deps.queue.ack>) {
        held.delete(given[0].id);
        return plane.deps.queue.ack(...given);
      },
    };
    await workFor({ ...plane.deps, queue }, 10_000);

    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(plane.deps.settings.concurrency);
    expect(await stats()).toMatchObject({ ready: 0 });
  });

  it('puts a kind aside that it has no handler for', async () => {
    await send('schedule');
    await workFor(plane.deps, 2_000);

    expect(await stats()).toMatchObject({ buried: 1 });
  });

  it('goes on after a queue that could not be read', async () => {
    let reads = 0;
    const queue = withFaults(plane.deps.queue, (method) =>
      method === 'receive' && ++reads < 3 ? { error: new RangeError('down') } : undefined,
    );
    await send('sweep');
    await workFor({ ...plane.deps, queue }, 10_000);

    expect(plane.gitlab.calls).toContain('reader.openJobs 1');
  });

  it('does not let a slow message keep the others from their work', async () => {
    await send('sweep');
    const reader = {
      ...plane.deps.gitlab.reader,
      openJobs: async (_target: unknown, _id: number, options: { signal: AbortSignal }) => {
        await plane.clock.sleep(3_600_000, options.signal);
        return [];
      },
    };
    await plane.deps.store.commit(
      [outboxWrite({ kind: 'sync', key: 'nest', trace: 't' }, plane.deps)],
      direct,
    );
    const before = (await plane.recording.rows('sync_history')).length;
    await workFor({ ...plane.deps, gitlab: { ...plane.deps.gitlab, reader } }, 5_000);

    expect(await plane.recording.rows('sync_history')).toHaveLength(before + 1);
  });
});

describe('tick', () => {
  const messages = async () =>
    (await plane.recording.rows('outbox')).map((row) => String(row['merge_key'])).toSorted();

  it('sends each timer once per slot, however often and by however many it is called', async () => {
    await tick(plane.deps, direct);
    await Promise.all([tick(plane.deps, direct), tick(plane.deps, direct)]);
    expect(await messages()).toEqual([
      'bind nest',
      'collect blobs',
      'collect machines',
      'prune all',
      'sync nest',
    ]);

    await plane.clock.advance(60_000);
    await tick(plane.deps, direct);
    expect((await messages()).filter((key) => key === 'prune all')).toHaveLength(2);
  });

  it('sends the sweeps that are due, once', async () => {
    await plane.clock.advance(300_000);
    await tick(plane.deps, direct);
    await tick(plane.deps, direct);

    expect((await messages()).filter((key) => key.startsWith('sweep'))).toEqual(['sweep gitlab.com#1']);
  });

  it('wakes a dirty Egg whose message was lost, at most twice a minute', async () => {
    for (let second = 0; second < 120; second++) {
      await plane.clock.advance(1_000);
      await tick(plane.deps, direct);
    }

    const woken = (await messages()).filter((key) => key === 'reconcile app').length;
    expect(woken).toBeGreaterThanOrEqual(2);
    expect(woken).toBeLessThanOrEqual(4);
  });

  it('wakes every dirty Egg and every stuck shard, however many there are', async () => {
    const { aRunner } = await import('@polar-gosling/testkit');
    const names = Array.from({ length: 620 }, (_, n) => `e${n}`);
    for (const [n, egg_name] of names.entries()) {
      const state = { egg_name, dirty: '1', dirty_generation: 1, done_generation: 0, failures: 0, shards: 1 };
      const runner = {
        ...aRunner({ id: `r${n}`, state: 'requested' }),
        egg_name,
        state_since: 0,
        deadline_at: 1,
      };
      await plane.deps.store.commit(
        [
          { kind: 'put', table: 'egg_state', row: state, when: { kind: 'any' } },
          { kind: 'put', table: 'runners', row: runner, when: { kind: 'any' } },
        ],
        direct,
      );
    }
    await plane.clock.advance(60_000);

    await tick(plane.deps, direct);

    const sent = new Set(await messages());
    expect(names.filter((name) => !sent.has(`reconcile ${name}`))).toEqual([]);
    expect(names.filter((name) => !sent.has(`run ${name}#0`))).toEqual([]);
  });

  it('tells in the log, once an hour, of messages that were put aside', async () => {
    await send('sweep');
    const [delivery] = await plane.deps.queue.receive({ max: 1, leaseMs: 1_000, waitMs: 0 }, direct);
    await plane.deps.queue.bury(delivery ?? expect.fail(), 'a bug', direct);
    const alarms: string[] = [];
    const deps: InternalDeps = {
      ...plane.deps,
      log: { ...plane.deps.log, error: (message) => void alarms.push(message) },
    };
    for (let minute = 0; minute < 120; minute++) {
      await plane.clock.advance(60_000);
      await tick(deps, direct);
    }

    expect(alarms.length).toBeGreaterThanOrEqual(2);
    expect(alarms.length).toBeLessThanOrEqual(3);
  });

  it('does the other parts when one fails, and says so', async () => {
    const store = withFaults(plane.deps.store, (method) =>
      method === 'list' ? { error: new RangeError('no index') } : undefined,
    );

    await expect(tick({ ...plane.deps, store }, direct)).rejects.toThrow('no index');
    expect(await messages()).toEqual([
      'bind nest',
      'collect blobs',
      'collect machines',
      'prune all',
      'sync nest',
    ]);
  });

  it('wakes the Egg of a runner whose deadline passed, and its shard', async () => {
    const row = { id: 'r', egg_name: 'app', state: 'requested', state_since: 0, deadline_at: 1, shard: 3 };
    const { aRunner } = await import('@polar-gosling/testkit');
    const full = { ...aRunner(), ...row };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'runners', row: full, when: { kind: 'any' } }],
      direct,
    );
    await tick(plane.deps, direct);

    expect(await messages()).toEqual(expect.arrayContaining(['reconcile app', 'run app#3']));
  });
});
