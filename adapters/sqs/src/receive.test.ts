import { silentLogger } from '@polar-gosling/kernel';
import { type MessageKind, outboxWrite } from '@polar-gosling/ports/queue';
import { type Store, storeErrors } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import type { SqsCalls } from './calls.ts';
import { sqsQueueOver } from './sqs-queue.ts';
import { createSqsModel } from './testing/sqs-model.ts';

const options = { signal: new AbortController().signal };
const hourMs = 3_600_000;
const leaseMs = 30_000;
const whole = { max: 10, leaseMs, waitMs: 0 };

/** A queue over a modelled SQS; `change` puts something between. */
function open(change: { calls?: Partial<SqsCalls>; store?(store: Store): Store } = {}) {
  const clock = createFakeClock();
  const ids = createSeededIds(1, clock);
  const sqs = createSqsModel(clock);
  const plain = createMemoryStore({ clock });
  const store = change.store?.(plain) ?? plain;
  const deps = { store, clock, ids, log: silentLogger };
  const queue = sqsQueueOver({ ...sqs.calls, ...change.calls }, { url: 'queue', dlqUrl: undefined }, deps);
  const send = async (kind: MessageKind, key: string) => {
    await queue.store.commit([outboxWrite({ kind, key, trace: 't' }, { clock, ids })], options);
    await queue.settled();
  };
  /** Asks for ever, as a worker does, until it is told to end. */
  const read = (kinds: readonly MessageKind[] | undefined, signal: AbortSignal) => {
    const reading = async () => {
      while (!signal.aborted) {
        const request = { max: 8, leaseMs, waitMs: 5_000, ...(kinds && { kinds }) };
        const answer = await queue.receive(request, { signal }).catch(() => undefined);
        if (answer === undefined) await clock.sleep(1_000, signal).catch(() => undefined);
      }
    };
    return reading();
  };
  return { clock, sqs, queue, send, read };
}

async function readFor(
  at: Pick<ReturnType<typeof open>, 'clock' | 'read'>,
  readers: readonly (readonly MessageKind[] | undefined)[],
  ms: number,
): Promise<void> {
  const stop = new AbortController();
  const done = readers.map((kinds) => at.read(kinds, stop.signal));
  await at.clock.advance(ms);
  stop.abort();
  await Promise.all(done);
}

describe('messages that wait for their worker', () => {
  it('are never buried by readers that want other kinds, however long they wait', async () => {
    const at = open();
    for (const key of ['a', 'b', 'c']) await at.send('reconcile', key);

    await readFor(at, [['prune'], ['prune']], 2 * hourMs);

    expect(at.sqs.buried).toEqual([]);
    await at.clock.advance(10_000);
    const deliveries = await at.queue.receive(whole, options);
    expect(deliveries.map(({ message }) => message.key).toSorted()).toEqual(['a', 'b', 'c']);
    for (const delivery of deliveries) await at.queue.ack(delivery, options);
    expect(at.sqs.waiting).toEqual([]);
  });

  it('are given out to readers that want other kinds every few seconds, not all the time', async () => {
    const at = open();
    await at.send('reconcile', 'a');

    await readFor(at, [['prune'], ['sweep']], hourMs);

    expect(at.sqs.given()).toBeLessThan(3_600 / 4);
  });

  it('come within seconds to the worker that wants them, though another reader got them first', async () => {
    const at = open();
    await at.send('reconcile', 'a');
    await at.queue.receive({ ...whole, kinds: ['prune'] }, options);

    expect(await at.queue.receive(whole, options)).toHaveLength(1);
  });

  it('outlive a store that is down for hours', async () => {
    let isDown = false;
    const at = open({
      store: (store) => ({
        ...store,
        get: async (...given) => {
          if (isDown) throw storeErrors.unavailable({ op: 'get' });
          return store.get(...given);
        },
      }),
    });
    await at.send('reconcile', 'a');

    isDown = true;
    await readFor(at, [undefined], 2 * hourMs);
    isDown = false;
    await at.clock.advance(900_000);

    expect(at.sqs.buried).toEqual([]);
    expect(await at.queue.receive(whole, options)).toHaveLength(1);
  });

  it('stay what comes again when the worker that has one dies, though a reader sees it too early', async () => {
    const at = open();
    await at.send('reconcile', 'a');
    await at.queue.receive(whole, options);
    for (const message of at.sqs.waiting) Object.assign(message, { visibleAt: 0, receiveCount: 700 });
    const before = at.sqs.waiting.map(({ id }) => id);

    await at.queue.receive({ ...whole, kinds: ['prune'] }, options);

    expect(at.sqs.waiting.map(({ id }) => id)).toEqual(before);
    await at.clock.advance(leaseMs);
    expect(await at.queue.receive(whole, options)).toMatchObject([{ message: { key: 'a' }, unanswered: 1 }]);
  });
});

describe('a batch with something nobody can work on', () => {
  it('gives out the others though that could not be put away', async () => {
    let isDown = true;
    const at = open({
      store: (store) => ({
        ...store,
        commit: async (unit, given) => {
          const isLetter = unit.some(
            (write) => write.kind === 'update' && write.set?.['buried_at'] !== undefined,
          );
          if (isLetter && isDown) throw storeErrors.unavailable({ op: 'commit' });
          return store.commit(unit, given);
        },
      }),
    });
    await at.sqs.calls.send('queue', [{ body: 'hello?', delaySeconds: 0 }], options);
    await at.send('reconcile', 'a');

    expect(await at.queue.receive(whole, options)).toMatchObject([{ message: { key: 'a' } }]);
    isDown = false;
    await at.clock.advance(leaseMs);
    await at.queue.receive(whole, options);
    expect((await at.queue.buried({ limit: 9 }, options)).items).toMatchObject([
      { reason: 'this release cannot read the message' },
    ]);
  });
});
