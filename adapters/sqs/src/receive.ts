import { mapLimit } from '@polar-gosling/kernel';
import type { CallOptions, Delivery, MessageKind } from '@polar-gosling/ports/queue';
import { readBody } from './body.ts';
import { claimKey, type Received } from './claim.ts';
import { buryUnreadable } from './dead-messages.ts';
import { type SqsDeps, toSeconds } from './deps.ts';
import { keyOf } from './key-row.ts';
import { release } from './release.ts';

export interface Wanted {
  readonly max: number;
  readonly leaseMs: number;
  readonly kinds: readonly MessageKind[] | undefined;
}

/** What SQS allows. */
const batchMessages = 10;
const longestPollSeconds = 20;
/** After a batch that was for others only: time for them to take it. */
const asideMs = 1_000;
/** Claims go on when their caller gives up: what SQS handed out must not wait for the end of its lease. */
const claimTimeoutMs = 10_000;

/** Messages that are due, with long polls of SQS until `waitMs` are over. */
export async function receiveFor(
  deps: SqsDeps,
  wanted: Wanted & { waitMs: number },
  options: CallOptions,
): Promise<readonly Delivery[]> {
  const endsAt = deps.clock.monotonic() + wanted.waitMs;
  for (;;) {
    options.signal.throwIfAborted();
    const leftMs = Math.max(0, endsAt - deps.clock.monotonic());
    const waitSeconds = Math.min(longestPollSeconds, Math.floor(leftMs / 1_000));
    const { deliveries, isForOthers } = await receiveOnce(deps, { ...wanted, waitSeconds }, options);
    if (deliveries.length > 0 || leftMs === 0) return deliveries;
    const restMs = Math.max(0, endsAt - deps.clock.monotonic());
    // SQS polls whole seconds: the rest is slept.
    if (isForOthers || restMs < 1_000) await deps.clock.sleep(Math.min(restMs, asideMs), options.signal);
  }
}

async function receiveOnce(
  deps: SqsDeps,
  wanted: Wanted & { waitSeconds: number },
  options: CallOptions,
): Promise<{ deliveries: readonly Delivery[]; isForOthers: boolean }> {
  const messages = await deps.calls.receive(
    deps.url,
    {
      max: Math.min(wanted.max, batchMessages),
      visibilitySeconds: Math.max(1, toSeconds(wanted.leaseMs)),
      waitSeconds: wanted.waitSeconds,
    },
    options,
  );
  if (messages.length === 0) return { deliveries: [], isForOthers: false };
  const closing = { signal: AbortSignal.timeout(claimTimeoutMs) };
  const { mine, others } = await sort(deps, { messages, kinds: wanted.kinds }, closing);
  await mapLimit(others, { limit: batchMessages, ...closing }, (other) => release(deps, other, closing));
  const deliveries = await claimAll(deps, { received: mine, leaseMs: wanted.leaseMs }, closing);
  return { deliveries, isForOthers: others.length > 0 };
}

/** One failed claim does not take the others from their worker; its messages come again. */
async function claimAll(
  deps: SqsDeps,
  at: { received: readonly Received[]; leaseMs: number },
  options: CallOptions,
): Promise<readonly Delivery[]> {
  const groups = Map.groupBy(at.received, ({ wakeup }) => keyOf(wakeup.message).partition);
  const failures: unknown[] = [];
  const claimed = await mapLimit(
    [...groups.values()],
    { limit: batchMessages, ...options },
    async (group) => {
      try {
        const [first] = group;
        if (first === undefined) return undefined;
        const key = keyOf(first.wakeup.message);
        return await claimKey(deps, { key, group, leaseMs: at.leaseMs }, options);
      } catch (error) {
        failures.push(error);
        for (const received of group) await release(deps, received, options);
        return undefined;
      }
    },
  );
  const deliveries = claimed.filter((delivery) => delivery !== undefined);
  if (failures.length > 0 && deliveries.length === 0) throw failures[0];
  if (failures.length > 0)
    deps.log.warn('messages could not be taken and come again', { error: failures[0] });
  return deliveries;
}

async function sort(
  deps: SqsDeps,
  at: { messages: readonly Received['sqs'][]; kinds: readonly MessageKind[] | undefined },
  options: CallOptions,
): Promise<{ mine: readonly Received[]; others: readonly Received[] }> {
  const readable: Received[] = [];
  for (const sqs of at.messages) {
    const wakeup = readBody(sqs.body);
    if (wakeup === 'probe') await putAway(deps, () => deps.calls.remove(deps.url, [sqs.receipt], options));
    else if (wakeup === undefined) await putAway(deps, () => buryUnreadable(deps, sqs, options));
    else readable.push({ sqs, wakeup });
  }
  const isMine = ({ wakeup }: Received) => at.kinds === undefined || at.kinds.includes(wakeup.message.kind);
  return { mine: readable.filter(isMine), others: readable.filter((one) => !isMine(one)) };
}

/** What cannot be put away comes again when its time is over; the others of its batch are worked on all the same. */
async function putAway(deps: SqsDeps, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    deps.log.warn('a message that nobody can work on was not put away; it comes again', { error });
  }
}
