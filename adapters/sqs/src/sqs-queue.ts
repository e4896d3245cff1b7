import type { Clock, IdSource, Logger } from '@polar-gosling/kernel';
import type { CallOptions, QueueOperations, WorkQueue } from '@polar-gosling/ports/queue';
import type { Store } from '@polar-gosling/ports/store';
import { createAnswers } from './answers.ts';
import type { SqsCalls } from './calls.ts';
import type { SqsDeps } from './deps.ts';
import { createOperations } from './operations.ts';
import { type QueueUrls, requireDeadLetterQueue } from './queues.ts';
import { receiveFor } from './receive.ts';
import { createSdkCalls, type SqsConnection } from './sdk-calls.ts';
import { createSeenAge } from './seen-age.ts';
import { createSender } from './sender.ts';
import { createSendingStore } from './sending-store.ts';

export interface SqsQueueDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

export interface SqsQueue extends WorkQueue, QueueOperations {
  /** What must be given to everything that commits: messages of its units are sent right after the commit. */
  readonly store: Store;
  /** Waits until what was committed so far has been sent, or has failed to be. */
  settled(): Promise<void>;
  /** Waits for what is being sent and closes the connections; not the store. */
  close(): Promise<void>;
}

/**
 * A queue whose messages travel through SQS (or what speaks its protocol) while the outbox of a store stays the truth:
 * docs/decisions, "The queue on SQS". Makes the dead-letter queue where there is none.
 */
export async function createSqsQueue(
  settings: SqsConnection & QueueUrls,
  deps: SqsQueueDeps,
  options: CallOptions,
): Promise<SqsQueue> {
  const calls = createSdkCalls(settings, deps);
  const dlqUrl = await requireDeadLetterQueue(calls, { ...settings, log: deps.log }, options);
  return sqsQueueOver(calls, { url: settings.url, dlqUrl }, deps);
}

/** The queue over calls that are given; for tests that put something between. */
export function sqsQueueOver(
  calls: SqsCalls,
  queues: { url: string; dlqUrl: string | undefined },
  given: SqsQueueDeps,
): SqsQueue {
  const plain: SqsDeps = { ...given, ...queues, calls };
  const sender = createSender(plain);
  const store = createSendingStore(given.store, (rows) => sender.offer(rows));
  const deps: SqsDeps = { ...plain, store };
  const age = createSeenAge(given.clock);
  return {
    store,
    async receive({ max, leaseMs, waitMs, kinds }, options) {
      const deliveries = await receiveFor(deps, { max, leaseMs, waitMs, kinds }, options);
      age.see(deliveries);
      return deliveries;
    },
    ...createAnswers(deps),
    wake() {
      // A long poll of SQS sees at once what its sender sent.
    },
    ...createOperations({ ...deps, sender, seenAgeMs: () => age.read() }),
    settled: () => sender.settled(),
    async close() {
      await sender.settled();
      calls.close();
    },
  };
}
