import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../store/memory.ts';
import { describeQueueContract } from './contract.ts';
import { createOutboxQueue } from './outbox.ts';
import { outboxWrite } from './outbox-write.ts';
import type { MessageKind } from './queue.ts';

const options = { signal: new AbortController().signal };

describeQueueContract({
  name: 'outbox of the memory store',
  create(deps) {
    const store = createMemoryStore(deps);
    const send = async (message: { kind: MessageKind; key: string; delayMs?: number }) => {
      await store.commit([outboxWrite({ trace: 'trace', ...message }, deps)], options);
    };
    return { queue: createOutboxQueue({ store, ...deps }), send };
  },
});

describe('createOutboxQueue', () => {
  const fixture = () => {
    const clock = createFakeClock();
    const ids = createSeededIds(1, clock);
    const store = createMemoryStore({ clock });
    return { clock, ids, store, queue: createOutboxQueue({ store, clock, ids }) };
  };
  const request = { max: 10, leaseMs: 1_000, waitMs: 0 };

  it('buries a message that this release cannot read', async () => {
    const { store, queue, clock, ids } = fixture();
    const write = outboxWrite({ kind: 'sync', key: 'nest', trace: '' }, { clock, ids });
    const row = write.kind === 'put' ? write.row : {};
    const message = { v: 2, kind: 'of-the-future' };
    await store.commit(
      [{ kind: 'put', table: 'outbox', row: { ...row, message }, when: { kind: 'any' } }],
      options,
    );

    expect(await queue.receive(request, options)).toEqual([]);

    const { items } = await queue.buried({ limit: 1 }, options);
    expect(items).toMatchObject([{ reason: 'this release cannot read the message' }]);
  });

  it('takes messages without a merge key one by one', async () => {
    const { store, queue, clock, ids } = fixture();
    for (const key of ['a', 'a']) {
      const write = outboxWrite({ kind: 'sync', key, trace: '' }, { clock, ids });
      const row = write.kind === 'put' ? { ...write.row, merge_key: undefined } : {};
      await store.commit([{ kind: 'put', table: 'outbox', row, when: { kind: 'any' } }], options);
    }

    const deliveries = await queue.receive(request, options);

    expect(deliveries).toHaveLength(2);
    for (const delivery of deliveries) {
      expect(await queue.extend(delivery, 5_000, options)).toBe('ok');
      expect(await queue.ack(delivery, options)).toBe('ok');
    }
  });

  it('leaves no row behind once all is done', async () => {
    const { store, queue, clock, ids } = fixture();
    await store.commit([outboxWrite({ kind: 'sync', key: 'nest', trace: '' }, { clock, ids })], options);
    const [delivery] = await queue.receive(request, options);
    if (delivery !== undefined) await queue.ack(delivery, options);

    const keys = [delivery?.id ?? '', 'lock#sync nest'].map(
      (partition) => ({ table: 'outbox', partition }) as const,
    );

    expect(await store.get(keys, options)).toEqual([undefined, undefined]);
  });
});
