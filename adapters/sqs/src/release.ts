import type { CallOptions } from '@polar-gosling/ports/queue';
import type { Received } from './claim.ts';
import { type SqsDeps, toSeconds } from './deps.ts';
import { isHeld, keyOf, readKeys } from './key-row.ts';
import { renewAfterReceives } from './renew-after.ts';

/**
 * A message that was put back is not shown to anybody for so long, less at its first times: however many readers put
 * it back, it is given out no more often, and a reader of other kinds does not get the same messages at each call.
 */
const asideSeconds = 5;
/** Given out often and not to be sent anew just now: so rarely that SQS does not bury it for days. */
const restSeconds = 900;

/**
 * Puts a message back that its receiver does not work on. Each giving out counts towards the limit at which SQS buries
 * a message: what comes near it is sent anew, which counts from nothing. Never fails.
 */
export async function release(deps: SqsDeps, received: Received, options: CallOptions): Promise<void> {
  const { receipt, receiveCount } = received.sqs;
  let seconds = Math.min(asideSeconds, Math.max(0, receiveCount - 1));
  try {
    if (receiveCount >= renewAfterReceives) {
      seconds = restSeconds;
      const heldSeconds = await readHeldSeconds(deps, received, options);
      if (heldSeconds === undefined && (await sendAnew(deps, received, options))) return;
      seconds = heldSeconds ?? restSeconds;
    }
  } catch (error) {
    deps.log.debug('a message could not be sent anew; it comes when its time is over', { error });
  }
  try {
    await deps.calls.hide(deps.url, { receipt, seconds }, options);
  } catch (error) {
    deps.log.debug('a message could not be put back; it comes when its time is over', { error });
  }
}

/** How long somebody still works on this very message: then it must stay as it is, to come again if they die. */
async function readHeldSeconds(
  deps: SqsDeps,
  { sqs, wakeup }: Received,
  options: CallOptions,
): Promise<number | undefined> {
  const nowMs = deps.clock.now();
  const [row] = await readKeys(deps.store, [keyOf(wakeup.message)], options);
  if (!isHeld(row, nowMs) || row.message.held !== sqs.id) return undefined;
  return Math.max(1, toSeconds(row.visible_at - nowMs));
}

async function sendAnew(deps: SqsDeps, { sqs }: Received, options: CallOptions): Promise<boolean> {
  const entry = { body: sqs.body, delaySeconds: asideSeconds };
  const failed = await deps.calls.send(deps.url, [entry], options);
  if (failed.length > 0) return false;
  await deps.calls.remove(deps.url, [sqs.receipt], options);
  return true;
}
