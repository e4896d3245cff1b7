import type { Clock } from '@polar-gosling/kernel';
import type { SqsCalls } from '../calls.ts';

const maxReceiveCount = 1_000;
const lookEveryMs = 1_000;

interface Kept {
  readonly id: string;
  readonly body: string;
  receiveCount: number;
  visibleAt: number;
  receipt: string;
}

/** SQS as its manual tells of it, on a clock, for simulations that last for days: counts, hides and buries. */
export interface SqsModel {
  readonly calls: SqsCalls;
  readonly waiting: readonly Kept[];
  readonly buried: readonly Kept[];
  /** How often messages were given out. */
  given(): number;
}

export function createSqsModel(clock: Clock): SqsModel {
  const waiting: Kept[] = [];
  const buried: Kept[] = [];
  let givenOut = 0;
  let made = 0;
  const drop = (message: Kept) => waiting.splice(waiting.indexOf(message), 1);
  const give = (max: number, visibilitySeconds: number) => {
    const given: Kept[] = [];
    for (const message of waiting.filter(({ visibleAt }) => visibleAt <= clock.now())) {
      if (given.length >= max) break;
      if (message.receiveCount >= maxReceiveCount) {
        drop(message);
        buried.push(message);
        continue;
      }
      message.receiveCount++;
      givenOut++;
      message.receipt = `r${++made}`;
      message.visibleAt = clock.now() + visibilitySeconds * 1_000;
      given.push(message);
    }
    return given.map((message) => ({ ...message }));
  };
  const calls: SqsCalls = {
    async send(_queue, entries) {
      for (const { body, delaySeconds } of entries) {
        const visibleAt = clock.now() + delaySeconds * 1_000;
        waiting.push({ id: `m${++made}`, body, receiveCount: 0, visibleAt, receipt: '' });
      }
      return [];
    },
    async receive(_queue, { max, visibilitySeconds, waitSeconds }, { signal }) {
      const endsAt = clock.monotonic() + waitSeconds * 1_000;
      for (;;) {
        const given = give(max, visibilitySeconds);
        if (given.length > 0 || clock.monotonic() >= endsAt) return given;
        await clock.sleep(lookEveryMs, signal);
      }
    },
    async remove(_queue, receipts) {
      for (const message of waiting.filter(({ receipt }) => receipts.includes(receipt))) drop(message);
    },
    async hide(_queue, { receipt, seconds }) {
      const message = waiting.find((one) => one.receipt === receipt);
      if (message === undefined) return 'gone';
      message.visibleAt = clock.now() + seconds * 1_000;
      return 'ok';
    },
    attributes: () => Promise.resolve({}),
    setAttributes: () => Promise.resolve(),
    create: () => Promise.resolve('queue'),
    clockSkewMs: () => undefined,
    close: () => undefined,
  };
  return { calls, waiting, buried, given: () => givenOut };
}
