import type { CallOptions, Delivery } from '@polar-gosling/ports/queue';
import type { RowKey } from '@polar-gosling/ports/store';
import type { Wakeup } from './body.ts';
import type { SqsMessage } from './calls.ts';
import { type SqsDeps, toSeconds } from './deps.ts';
import { writeLeaseToken } from './held-message.ts';
import { isHeld, type KeyRow, readKeys, writeKey } from './key-row.ts';

/** A message of SQS and the wake-up in it. */
export interface Received {
  readonly sqs: SqsMessage;
  readonly wakeup: Wakeup;
}

const attempts = 4;

/**
 * Takes the newest of some messages of one key for this worker; the others are done with it. `undefined`: somebody
 * works on that key; their row says now that it must be looked at again.
 */
export async function claimKey(
  deps: SqsDeps,
  at: { key: RowKey; group: readonly Received[]; leaseMs: number },
  options: CallOptions,
): Promise<Delivery | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [row] = await readKeys(deps.store, [at.key], options);
    const result = isHeld(row, deps.clock.now())
      ? await standBack(deps, { ...at, row }, options)
      : await take(deps, { ...at, row }, options);
    if (result.kind === 'taken') return result.delivery;
    if (result.kind === 'stood back') return undefined;
  }
  await Promise.all(at.group.map(({ sqs }) => hide(deps, { receipt: sqs.receipt, seconds: 1 }, options)));
  return undefined;
}

type Outcome =
  | { readonly kind: 'taken'; readonly delivery: Delivery }
  | { readonly kind: 'stood back' }
  | { readonly kind: 'conflict' };

async function take(
  deps: SqsDeps,
  at: { key: RowKey; group: readonly Received[]; leaseMs: number; row: KeyRow | undefined },
  options: CallOptions,
): Promise<Outcome> {
  const [newest, ...older] = at.group.toSorted((a, b) => b.wakeup.sentAt - a.wakeup.sentAt);
  if (newest === undefined) return { kind: 'stood back' };
  const before = at.row?.receives ?? 0;
  const answered = at.row?.answered ?? 0;
  const token = deps.ids.token(16);
  const after = {
    lease_token: token,
    visible_at: deps.clock.now() + at.leaseMs,
    receives: before + 1,
    answered,
    failures: at.row?.failures ?? 0,
    message: { held: newest.sqs.id, row: newest.wakeup.row, again: false },
  };
  const result = await deps.store.commit([writeKey(at.key, at.row, after)], options);
  if (result.kind === 'conflict') return { kind: 'conflict' };
  await remove(
    deps,
    older.map(({ sqs }) => sqs.receipt),
    options,
  );
  const { receiveCount, receipt } = newest.sqs;
  return {
    kind: 'taken',
    delivery: {
      id: newest.wakeup.row,
      message: newest.wakeup.message,
      receives: before + 1,
      unanswered: before - answered,
      failures: after.failures,
      leaseToken: writeLeaseToken({ token, receiveCount, receipt }),
      sentAt: newest.wakeup.sentAt,
    },
  };
}

/**
 * The key is being worked on. The holder's own message, visible too early, is what will come again if the holder
 * dies: it stays. Any other is noted in the row before it goes.
 */
async function standBack(
  deps: SqsDeps,
  at: { key: RowKey; group: readonly Received[]; row: KeyRow },
  options: CallOptions,
): Promise<Outcome> {
  const { held, row: heldRow } = at.row.message;
  const [own, others] = partition(at.group, ({ sqs }) => sqs.id === held);
  const isNews = others.some(({ wakeup }) => wakeup.row !== heldRow);
  if (isNews && !at.row.message.again) {
    const { version: _, ...row } = at.row;
    const after = { ...row, message: { ...row.message, again: true } };
    const result = await deps.store.commit([writeKey(at.key, at.row, after)], options);
    if (result.kind === 'conflict') return { kind: 'conflict' };
  }
  await remove(
    deps,
    others.map(({ sqs }) => sqs.receipt),
    options,
  );
  const seconds = Math.max(1, toSeconds(at.row.visible_at - deps.clock.now()));
  for (const { sqs } of own) await hide(deps, { receipt: sqs.receipt, seconds }, options);
  return { kind: 'stood back' };
}

/** What could not be removed comes again and is merged then. */
async function remove(deps: SqsDeps, receipts: readonly string[], options: CallOptions): Promise<void> {
  if (receipts.length === 0) return;
  try {
    await deps.calls.remove(deps.url, receipts, options);
  } catch (error) {
    deps.log.debug('merged messages could not be removed', { count: receipts.length, error });
  }
}

async function hide(
  deps: SqsDeps,
  at: { receipt: string; seconds: number },
  options: CallOptions,
): Promise<void> {
  try {
    await deps.calls.hide(deps.url, at, options);
  } catch (error) {
    deps.log.debug('a message could not be put back; it comes when its time is over', { error });
  }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
