import { type CallOptions, type Delivery, outboxWrite, type WorkQueue } from '@polar-gosling/ports/queue';
import type { Write } from '@polar-gosling/ports/store';
import { writeBody } from './body.ts';
import { deadLetterWrite } from './dead-messages.ts';
import { type SqsDeps, toSeconds } from './deps.ts';
import { type HeldMessage, readLeaseToken } from './held-message.ts';
import { type KeyRow, keyOf, readKeys, removeKey, writeKey } from './key-row.ts';
import { renewAfterReceives } from './renew-after.ts';

const attempts = 4;
const longestDelaySeconds = 900;

/** What a worker does with what it holds. The row of the key decides; SQS follows, and may fail to without harm. */
export function createAnswers(deps: SqsDeps): Pick<WorkQueue, 'extend' | 'ack' | 'nack' | 'bury'> {
  return {
    async extend(delivery, leaseMs, options) {
      const key = keyOf(delivery.message);
      const outcome = await change(deps, { delivery, options }, ({ version, ...row }) => [
        writeKey(key, { version, ...row }, { ...row, visible_at: deps.clock.now() + leaseMs }),
      ]);
      if (outcome === 'ok') await hide(deps, readLeaseToken(delivery), { ms: leaseMs, options });
      return outcome;
    },
    async ack(delivery, options) {
      const outcome = await change(deps, { delivery, options }, (row) => [
        removeKey(keyOf(delivery.message), row),
        ...sendAgain(deps, delivery, row),
      ]);
      if (outcome === 'ok') await remove(deps, delivery, options);
      return outcome;
    },
    async nack(delivery, { delayMs, isFailure }, options) {
      const key = keyOf(delivery.message);
      const outcome = await change(deps, { delivery, options }, ({ version, ...row }) => [
        writeKey(
          key,
          { version, ...row },
          {
            ...row,
            lease_token: undefined,
            visible_at: deps.clock.now(),
            answered: row.receives,
            failures: row.failures + (isFailure ? 1 : 0),
            message: { ...row.message, again: false },
          },
        ),
        ...sendAgain(deps, delivery, { version, ...row }),
      ]);
      if (outcome === 'ok') await putBack(deps, delivery, { delayMs, options });
      return outcome;
    },
    async bury(delivery, reason, options) {
      const outcome = await change(deps, { delivery, options }, (row) => [
        removeKey(keyOf(delivery.message), row),
        deadLetterWrite({
          row: delivery.id,
          message: { ...delivery.message },
          reason,
          receives: delivery.receives,
          nowMs: deps.clock.now(),
        }),
        ...sendAgain(deps, delivery, row),
      ]);
      if (outcome === 'ok') await remove(deps, delivery, options);
      return outcome;
    },
  };
}

/** Changes the row of a key that this holder still has; tries again when another wrote it between read and write. */
async function change(
  deps: SqsDeps,
  { delivery, options }: { delivery: Delivery; options: CallOptions },
  writes: (row: KeyRow) => readonly Write[],
): Promise<'ok' | 'lost'> {
  const { token } = readLeaseToken(delivery);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [row] = await readKeys(deps.store, [keyOf(delivery.message)], options);
    if (row?.lease_token !== token) return 'lost';
    const result = await deps.store.commit(writes(row), options);
    if (result.kind === 'ok') return 'ok';
  }
  return 'lost';
}

/** What came under this key meanwhile was merged into the row; it becomes a message in the same transaction. */
function sendAgain(deps: SqsDeps, { message }: Delivery, row: KeyRow): readonly Write[] {
  if (!row.message.again) return [];
  return [outboxWrite({ kind: message.kind, key: message.key, trace: message.trace }, deps)];
}

async function putBack(
  deps: SqsDeps,
  delivery: Delivery,
  at: { delayMs: number; options: CallOptions },
): Promise<void> {
  const held = readLeaseToken(delivery);
  if (held.receiveCount < renewAfterReceives) {
    await hide(deps, held, { ms: at.delayMs, options: at.options });
    return;
  }
  const { id: row, message, sentAt } = delivery;
  const delaySeconds = Math.min(longestDelaySeconds, toSeconds(at.delayMs));
  await quietly(deps, async () => {
    const body = writeBody({ message, row, sentAt });
    const failed = await deps.calls.send(deps.url, [{ body, delaySeconds }], at.options);
    if (failed.length === 0) await deps.calls.remove(deps.url, [held.receipt], at.options);
  });
}

async function remove(deps: SqsDeps, delivery: Delivery, options: CallOptions): Promise<void> {
  const { receipt } = readLeaseToken(delivery);
  await quietly(deps, () => deps.calls.remove(deps.url, [receipt], options));
}

async function hide(
  deps: SqsDeps,
  held: HeldMessage,
  at: { ms: number; options: CallOptions },
): Promise<void> {
  const { receipt } = held;
  await quietly(deps, () => deps.calls.hide(deps.url, { receipt, seconds: toSeconds(at.ms) }, at.options));
}

/** The answer is already in the store: what SQS does not hear makes a message come once more, no worse. */
async function quietly(deps: SqsDeps, tell: () => Promise<unknown>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    deps.log.warn('SQS did not hear what became of a message; it may come once more', { error });
  }
}
