import type { Clock } from '@polar-gosling/kernel';
import type { SqsCalls } from '../calls.ts';

const forever = { signal: new AbortController().signal };
/** What the engine is told: longer than any test. */
const longSeconds = 900;
const lookEveryMs = 100;

/**
 * A real engine whose time is that of a test's clock: what it would do after a while (show a message again, deliver a
 * delayed one, end a long poll) is asked of it when that while is over on the clock. All else is the engine's.
 */
export function callsOnClock(calls: SqsCalls, clock: Clock): SqsCalls {
  const sleepers = createSleepers(clock);
  const hidden = createHidden(calls, sleepers);
  let delayed = 0;
  return {
    ...calls,
    async send(queue, entries, options) {
      const now = entries.filter(({ delaySeconds }) => delaySeconds === 0);
      for (const { body, delaySeconds } of entries.filter((entry) => entry.delaySeconds > 0)) {
        delayed++;
        sleepers.later(delaySeconds * 1_000, forever.signal, async () => {
          delayed--;
          await calls.send(queue, [{ body, delaySeconds: 0 }], forever);
        });
      }
      const failed = now.length === 0 ? [] : await calls.send(queue, now, options);
      sleepers.nudge();
      return failed;
    },
    async receive(queue, request, options) {
      const endsAt = clock.monotonic() + request.waitSeconds * 1_000;
      for (;;) {
        options.signal.throwIfAborted();
        const messages = await calls.receive(
          queue,
          { max: request.max, visibilitySeconds: longSeconds, waitSeconds: 0 },
          forever,
        );
        for (const message of messages) hidden.took(queue, message, request.visibilitySeconds);
        const leftMs = endsAt - clock.monotonic();
        if (messages.length > 0 || leftMs <= 0) return messages;
        await sleepers.pause(Math.min(leftMs, lookEveryMs), options.signal);
      }
    },
    async remove(queue, receipts, options) {
      for (const receipt of receipts) hidden.forget(receipt);
      await calls.remove(queue, receipts, options);
    },
    hide: (queue, at) => hidden.hide(queue, at),
    async attributes(queue, options) {
      const attributes = await calls.attributes(queue, options);
      return { ...attributes, ApproximateNumberOfMessagesDelayed: String(delayed) };
    },
  };
}

type Sleepers = ReturnType<typeof createSleepers>;

/** Who waits on the clock: polls, which a nudge ends, and what happens later, which nudges. */
function createSleepers(clock: Clock) {
  const polls = new Set<AbortController>();
  const nudge = () => {
    for (const poll of polls) poll.abort();
  };
  return {
    nudge,
    later(ms: number, signal: AbortSignal, action: () => Promise<unknown>) {
      clock
        .sleep(ms, signal)
        .then(action)
        .then(nudge, () => undefined);
    },
    async pause(ms: number, signal: AbortSignal) {
      const poll = new AbortController();
      polls.add(poll);
      try {
        await clock.sleep(ms, AbortSignal.any([signal, poll.signal]));
      } catch (error) {
        if (signal.aborted) throw error;
      } finally {
        polls.delete(poll);
      }
    },
  };
}

/** Messages that are given out, and when they come again. */
function createHidden(calls: SqsCalls, sleepers: Sleepers) {
  const hidden = new Map<string, AbortController>();
  const lastReceipt = new Map<string, string>();
  const forget = (receipt: string) => {
    hidden.get(receipt)?.abort();
    hidden.delete(receipt);
  };
  const show = (queue: string, receipt: string) => calls.hide(queue, { receipt, seconds: 0 }, forever);
  const hideFor = (queue: string, at: { receipt: string; seconds: number }) => {
    forget(at.receipt);
    const timer = new AbortController();
    hidden.set(at.receipt, timer);
    sleepers.later(at.seconds * 1_000, timer.signal, () => {
      hidden.delete(at.receipt);
      return show(queue, at.receipt);
    });
  };
  return {
    forget,
    took(queue: string, { id, receipt }: { id: string; receipt: string }, seconds: number) {
      forget(lastReceipt.get(id) ?? '');
      lastReceipt.set(id, receipt);
      hideFor(queue, { receipt, seconds });
    },
    async hide(queue: string, at: { receipt: string; seconds: number }): Promise<'ok' | 'gone'> {
      if (!hidden.has(at.receipt)) return 'gone';
      if (at.seconds > 0) {
        hideFor(queue, at);
        return 'ok';
      }
      forget(at.receipt);
      const outcome = await show(queue, at.receipt);
      sleepers.nudge();
      return outcome;
    },
  };
}
