import type { Clock, IdSource } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, describe, it } from 'vitest';
import { describeLeases } from './contract/leases/contract.ts';
import { describeMerging } from './contract/merging/contract.ts';
import { describeOperations } from './contract/operations/contract.ts';
import { describeWaiting } from './contract/waiting/contract.ts';
import { type Check, type QueueSubject, wordsFor } from './contract/words/contract.ts';

export type { QueueSubject } from './contract/words/contract.ts';

export interface QueueContract {
  readonly name: string;
  /** A new, empty queue that takes time and ids from these. */
  create(deps: { clock: Clock; ids: IdSource }): Promise<QueueSubject> | QueueSubject;
  /** Waits for calls under way to an engine outside this process; the clock of a case does so after each step. */
  settled?(): Promise<void>;
  /** Runs of the property; fewer where each step is a request. */
  readonly runs?: number;
  /** Title of a case → why this engine cannot pass it. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** What every queue does; an adapter passes all of it against its real engine. */
export function describeQueueContract(contract: QueueContract): void {
  describe(`queue contract: ${contract.name}`, () => {
    const opened: QueueSubject[] = [];
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.close?.();
    });
    const check: Check = (title, test) => {
      it(title, async (context) => {
        const reason = contract.skip?.[title];
        if (reason !== undefined) context.skip(reason);
        const clock = createFakeClock(contract.settled === undefined ? {} : { settled: contract.settled });
        const subject = await contract.create({ clock, ids: createSeededIds(7, clock) });
        opened.push(subject);
        await test(wordsFor(subject, clock));
      });
    };
    describeLeases(check);
    describeMerging(check, contract.runs);
    describeWaiting(check);
    describeOperations(check);
  });
}
