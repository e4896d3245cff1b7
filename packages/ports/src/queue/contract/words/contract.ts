import type { FakeClock } from '@polar-gosling/testkit';
import { expect } from 'vitest';
import type { Delivery, MessageKind, QueueOperations, WorkQueue } from '../../queue.ts';

export const options = { signal: new AbortController().signal };
export const leaseMs = 30_000;

export interface QueueSubject {
  readonly queue: WorkQueue & QueueOperations;
  /** Sends as the product does; does not call `wake`. */
  send(message: { kind: MessageKind; key: string; delayMs?: number }): Promise<void>;
  close?(): Promise<void>;
}

export interface Words extends QueueSubject {
  readonly clock: FakeClock;
  /** Sends `reconcile` messages with these keys, one after the other. */
  sendKeys(...keys: string[]): Promise<void>;
  receive(max?: number): Promise<readonly Delivery[]>;
  /** The one message that is due. */
  receiveOne(): Promise<Delivery>;
}
export type Check = (title: string, test: (words: Words) => Promise<void>) => void;

export function wordsFor(subject: QueueSubject, clock: FakeClock): Words {
  const receive = (max = 10) => subject.queue.receive({ max, leaseMs, waitMs: 0 }, options);
  return {
    ...subject,
    clock,
    receive,
    async sendKeys(...keys) {
      for (const key of keys) await subject.send({ kind: 'reconcile', key });
    },
    async receiveOne() {
      const [delivery, ...more] = await receive();
      expect(more).toEqual([]);
      return delivery ?? expect.fail('nothing was due');
    },
  };
}

export const keysOf = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ message }) => message.key).toSorted();
