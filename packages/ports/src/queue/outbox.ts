import { type Clock, type IdSource, mapLimit } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import { readRow } from '../store/read-row.ts';
import { OutboxRow } from '../store/rows.ts';
import type { Row, Store, Write } from '../store/store.ts';
import { type DueGroup, lockKey, readDue } from './due-messages.ts';
import {
  failuresOf,
  leaseGroup,
  receivesOf,
  releaseLock,
  removeAll,
  takeLock,
  unansweredOf,
} from './lease-message.ts';
import { createOutboxOperations } from './outbox-operations.ts';
import { queueName } from './outbox-write.ts';
import type { Delivery, MessageKind, QueueOperations, WorkQueue } from './queue.ts';
import { createWaitingRoom } from './waiting-room.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
}

interface Wanted {
  readonly max: number;
  readonly leaseMs: number;
  readonly kinds: readonly MessageKind[] | undefined;
}

const pollMs = 1_000;
const leasesAtOnce = 64;
const attempts = 3;

/**
 * The queue that lies in the `outbox` table of a store: what was committed with `outboxWrite` is in it.
 * `wake()` after such a commit spares the waiting receivers up to a second.
 */
export function createOutboxQueue(deps: Deps): WorkQueue & QueueOperations {
  const room = createWaitingRoom(deps.clock);
  return {
    async receive(request, options) {
      const wanted = { max: request.max, leaseMs: request.leaseMs, kinds: request.kinds };
      const endsAt = deps.clock.monotonic() + request.waitMs;
      for (;;) {
        options.signal.throwIfAborted();
        const seenWakes = room.wakes();
        const deliveries = await receiveNow(deps, wanted, options);
        const leftMs = endsAt - deps.clock.monotonic();
        if (deliveries.length > 0 || leftMs <= 0) return deliveries;
        const dueMs = await untilNextDueMs(deps, options);
        await room.wait(Math.min(leftMs, pollMs, dueMs), seenWakes, options.signal);
      }
    },
    extend: (delivery, leaseMs, options) =>
      change({ store: deps.store, delivery, options }, (held) => extended(deps, held, leaseMs)),
    ack: (delivery, options) =>
      change({ store: deps.store, delivery, options }, ({ row, lock }) => [
        {
          kind: 'delete',
          key: { table: 'outbox', partition: row.id },
          when: { kind: 'version', version: row.version },
        },
        ...releaseLock(lock),
      ]),
    async nack(delivery, why, options) {
      const { delayMs, reason, isFailure } = why;
      const result = await change({ store: deps.store, delivery, options }, (held) => {
        const { receives, failures = 0 } = held.row;
        const counts = { answered: receives, failures: failures + (isFailure ? 1 : 0) };
        return released(held, { visible_at: deps.clock.now() + delayMs, reason, ...counts });
      });
      room.wake();
      return result;
    },
    bury: (delivery, reason, options) =>
      change({ store: deps.store, delivery, options }, (held) =>
        released(held, { unsent: undefined, buried_at: deps.clock.now(), reason }),
      ),
    wake: () => room.wake(),
    ...createOutboxOperations({ ...deps, wake: () => room.wake() }),
  };
}

async function receiveNow(deps: Deps, wanted: Wanted, options: CallOptions): Promise<readonly Delivery[]> {
  const nowMs = deps.clock.now();
  const deliveries: Delivery[] = [];
  for await (const groups of readDue({ store: deps.store, nowMs, ...wanted }, options)) {
    for (let next = 0; next < groups.length; ) {
      const room = wanted.max - deliveries.length;
      const some = groups.slice(next, next + room);
      next += room;
      const free = await withoutHeld(deps.store, some, options);
      const given = await mapLimit(free, { limit: leasesAtOnce, ...options }, (group) =>
        give(deps, { group, leaseMs: wanted.leaseMs }, options),
      );
      deliveries.push(...given.filter((delivery) => delivery !== undefined));
      if (deliveries.length >= wanted.max) return deliveries;
    }
  }
  return deliveries;
}

/**
 * The groups that nobody holds. What piles up behind a held one is merged here already, so that a storm of messages
 * for one key never grows what every receive has to read.
 */
async function withoutHeld(
  store: Store,
  groups: readonly DueGroup[],
  options: CallOptions,
): Promise<readonly DueGroup[]> {
  const keys = groups.map(({ row }) => lockKey(row.merge_key ?? row.id));
  const locks = await store.get(keys, options);
  const held = groups.filter((_, place) => locks[place] !== undefined);
  for (const { older } of held) await removeAll(store, older, options);
  return groups.filter((_, place) => locks[place] === undefined);
}

async function give(
  deps: Deps,
  lease: { group: DueGroup; leaseMs: number },
  options: CallOptions,
): Promise<Delivery | undefined> {
  const { row, message } = lease.group;
  if (message === undefined) {
    const reason = 'this release cannot read the message';
    await deps.store.commit(
      released({ row }, { unsent: undefined, buried_at: deps.clock.now(), reason }),
      options,
    );
    return undefined;
  }
  const nowMs = deps.clock.now();
  const terms = { leaseToken: deps.ids.token(16), nowMs, endsAtMs: nowMs + lease.leaseMs };
  const isMine = await leaseGroup({ store: deps.store, group: lease.group, terms }, options);
  if (!isMine) return undefined;
  return {
    id: row.id,
    message,
    receives: receivesOf(lease.group),
    unanswered: unansweredOf(lease.group),
    failures: failuresOf(lease.group),
    leaseToken: terms.leaseToken,
    sentAt: row.sent_at ?? row.visible_at,
  };
}

interface Held {
  readonly row: OutboxRow;
  readonly lock?: { readonly key: string; readonly version: number };
}

/** Changes a message that this holder still has; tries again when another wrote the row between read and write. */
async function change(
  call: { store: Store; delivery: Delivery; options: CallOptions },
  writes: (held: Held) => readonly Write[],
): Promise<'ok' | 'lost'> {
  const { store, delivery, options } = call;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const held = await readHeld(store, delivery, options);
    if (held === undefined) return 'lost';
    const result = await store.commit(writes(held), options);
    if (result.kind === 'ok') return 'ok';
  }
  return 'lost';
}

async function readHeld(store: Store, delivery: Delivery, options: CallOptions): Promise<Held | undefined> {
  const [stored] = await store.get([{ table: 'outbox', partition: delivery.id }], options);
  if (stored === undefined) return undefined;
  const row = readRow(OutboxRow, 'outbox', stored);
  if (row.lease_token !== delivery.leaseToken) return undefined;
  if (row.merge_key === undefined) return { row };
  const [lock] = await store.get([lockKey(row.merge_key)], options);
  const isMine = lock?.['lease_token'] === delivery.leaseToken;
  return isMine ? { row, lock: { key: row.merge_key, version: Number(lock['version']) } } : { row };
}

function extended(deps: Deps, { row, lock }: Held, leaseMs: number): readonly Write[] {
  const nowMs = deps.clock.now();
  const terms = { leaseToken: row.lease_token ?? '', nowMs, endsAtMs: nowMs + leaseMs };
  const message: Write = {
    kind: 'update',
    key: { table: 'outbox', partition: row.id },
    set: { visible_at: terms.endsAtMs },
    when: { kind: 'version', version: row.version },
  };
  // A lock that ended meanwhile is taken again where nobody else has it.
  return row.merge_key === undefined ? [message] : [message, takeLock(row.merge_key, terms, lock?.version)];
}

function released({ row, lock }: Held, columns: Row): readonly Write[] {
  return [
    {
      kind: 'update',
      key: { table: 'outbox', partition: row.id },
      set: { lease_token: undefined, ...columns },
      when: { kind: 'version', version: row.version },
    },
    ...releaseLock(lock),
  ];
}

async function untilNextDueMs(deps: Deps, options: CallOptions): Promise<number> {
  const nowMs = deps.clock.now();
  const query = {
    table: 'outbox',
    index: 'unsent',
    partition: queueName,
    from: nowMs + 1,
    limit: 1,
  } as const;
  const page = await deps.store.list(query, options);
  const visibleAt = page.items[0]?.['visible_at'];
  return typeof visibleAt === 'number' ? Math.max(1, visibleAt - nowMs) : pollMs;
}
