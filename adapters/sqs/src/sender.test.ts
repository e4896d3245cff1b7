import { silentLogger } from '@polar-gosling/kernel';
import { outboxWrite, queueName } from '@polar-gosling/ports/queue';
import { type Store, storeErrors } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { sqsQueueOver } from './sqs-queue.ts';
import { createSqsModel } from './testing/sqs-model.ts';

const options = { signal: new AbortController().signal };

it('marks what was sent though the first mark failed, and sends it once', async () => {
  let isDown = false;
  const clock = createFakeClock();
  const ids = createSeededIds(1, clock);
  const sqs = createSqsModel(clock);
  const plain = createMemoryStore({ clock });
  const store: Store = {
    ...plain,
    commit: async (unit, given) => {
      if (isDown && unit.some(({ kind }) => kind === 'update'))
        throw storeErrors.unavailable({ op: 'commit' });
      return plain.commit(unit, given);
    },
  };
  const deps = { store, clock, ids, log: silentLogger };
  const queue = sqsQueueOver(sqs.calls, { url: 'queue', dlqUrl: undefined }, deps);
  isDown = true;
  await queue.store.commit([outboxWrite({ kind: 'sync', key: 'nest', trace: 't' }, { clock, ids })], options);
  await queue.settled();

  isDown = false;
  await queue.sendDue(options);

  const unsent = { table: 'outbox', index: 'unsent', partition: queueName, limit: 10 } as const;
  expect((await plain.list(unsent, options)).items).toEqual([]);
  expect(sqs.waiting).toHaveLength(1);
});
