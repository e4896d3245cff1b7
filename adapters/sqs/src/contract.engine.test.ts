import { silentLogger } from '@polar-gosling/kernel';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { describeQueueContract } from '@polar-gosling/ports/queue/contract';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { afterAll, describe, it } from 'vitest';
import { createQueues } from './queues.ts';
import { sqsQueueOver } from './sqs-queue.ts';
import { engineConnection, watchedCalls } from './testing/an-engine.ts';
import { callsOnClock } from './testing/calls-on-clock.ts';
import { queueNameFor } from './testing/queue-name.ts';

const options = { signal: new AbortController().signal };
const skip = {
  'counts delays in milliseconds': 'SQS counts whole seconds; a delay is rounded up',
  'tells how long the oldest message that is due has been waiting':
    'SQS tells the age of its oldest message only through CloudWatch; a process knows what it was given',
  'makes every message that is given out due at once, and its key free':
    'several instances share the queue: what a dead one held comes again when its lease ends',
  'merges many more than fit into a transaction':
    'SQS hands out 10 at a time: the rest of 80 equal messages, each sent alone, is one more wake-up',
};

for (const protocol of ['json', 'query'] as const) {
  const connection = engineConnection(process.env, protocol);
  if (connection === undefined) {
    describe(`queue contract: SQS (${protocol})`, () => {
      it('passes the whole suite', ({ skip: skipTest }) =>
        skipTest('POLAR_SQS_URL is not set: no SQS engine'));
    });
    continue;
  }
  const { calls, settled } = watchedCalls(connection);
  afterAll(() => calls.close());
  describeQueueContract({
    name: `SQS (${protocol})`,
    skip,
    settled,
    runs: 15,
    async create({ clock, ids }) {
      const urls = await createQueues(calls, queueNameFor(`contract-${protocol}`), options);
      const given = { store: createMemoryStore({ clock }), clock, ids, log: silentLogger };
      const onClock = callsOnClock(calls, clock);
      const queue = sqsQueueOver({ ...onClock, close: () => undefined }, urls, given);
      return {
        queue,
        async send(message) {
          await queue.store.commit([outboxWrite({ trace: 'trace', ...message }, { clock, ids })], options);
          await queue.settled();
        },
        close: () => queue.close(),
      };
    },
  });
}
