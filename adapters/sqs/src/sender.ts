import { type CallOptions, queueName } from '@polar-gosling/ports/queue';
import { OutboxRow, readMessage, readRow } from '@polar-gosling/ports/queue/adapter';
import type { Row, Write } from '@polar-gosling/ports/store';
import { maxUnitWrites } from '@polar-gosling/ports/store';
import { writeBody } from './body.ts';
import { type SqsDeps, toSeconds } from './deps.ts';

const batchMessages = 10;
/** SQS delays no longer; what is due later stays in the outbox until a tick finds it within reach. */
const longestDelayMs = 900_000;
const keptMs = 86_400_000;
const pageRows = 500;
const sendTimeoutMs = 30_000;
/** Rows this process has sent, so that an index that is late does not make it send them twice. */
const rememberedRows = 5_000;

/** Brings rows of the outbox to SQS: at least once, each marked when SQS has taken it. */
export interface Sender {
  /** Rows that were just committed; returns at once. */
  offer(rows: readonly OutboxRow[]): void;
  /** Everything that is unsent and within reach, read from the store. */
  sendDue(options: CallOptions): Promise<void>;
  /** Waits for what was offered. */
  settled(): Promise<void>;
}

export function createSender(deps: SqsDeps): Sender {
  const sent = createSentRows();
  let offered: OutboxRow[] = [];
  let pumping: Promise<void> | undefined;

  const send = async (rows: readonly OutboxRow[], options: CallOptions) => {
    const mark = async (done: readonly OutboxRow[]) => {
      await markSent(deps, done, options);
      sent.marked(done);
    };
    const due = rows.filter((row) => sent.stateOf(row) === undefined && isWithinReach(deps, row));
    for (const group of chunks(mergeRows(deps, due), batchMessages)) {
      const done = await sendBatch(deps, group, options);
      sent.unmarked(done);
      await mark(done);
    }
    await mark(rows.filter((row) => sent.stateOf(row) === 'unmarked'));
  };
  const pump = async () => {
    while (offered.length > 0) {
      const rows = offered;
      offered = [];
      try {
        await send(rows, { signal: AbortSignal.timeout(sendTimeoutMs) });
      } catch (error) {
        deps.log.warn('messages were not sent at once; the next tick sends them', {
          count: rows.length,
          error,
        });
      }
    }
    pumping = undefined;
  };
  return {
    offer(rows) {
      offered.push(...rows);
      if (offered.length > 0) pumping ??= Promise.resolve().then(pump);
    },
    async sendDue(options) {
      let cursor: string | undefined;
      do {
        const page = await deps.store.list(
          {
            table: 'outbox',
            index: 'unsent',
            partition: queueName,
            to: deps.clock.now() + longestDelayMs,
            limit: pageRows,
            ...(cursor === undefined ? {} : { cursor }),
          },
          options,
        );
        await send(page.items.map(toOutboxRow), options);
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    async settled() {
      while (pumping !== undefined) await pumping;
    },
  };
}

/** Rows that travel as one message. */
interface Parcel {
  readonly newest: OutboxRow;
  readonly rows: readonly OutboxRow[];
}

/** Equal wake-ups that are due are one; one that is due later is another. */
function mergeRows(deps: SqsDeps, rows: readonly OutboxRow[]): Parcel[] {
  const nowMs = deps.clock.now();
  const groups = Map.groupBy(rows, (row) =>
    row.visible_at > nowMs || row.merge_key === undefined ? `row#${row.id}` : row.merge_key,
  );
  return [...groups.values()].flatMap((group) => {
    const newest = group.toSorted((a, b) => (a.sent_at ?? 0) - (b.sent_at ?? 0)).at(-1);
    return newest === undefined ? [] : [{ newest, rows: group }];
  });
}

async function sendBatch(
  deps: SqsDeps,
  parcels: readonly Parcel[],
  options: CallOptions,
): Promise<readonly OutboxRow[]> {
  const nowMs = deps.clock.now();
  const entries = parcels.map(({ newest }) => ({
    body: bodyOf(newest),
    delaySeconds: toSeconds(Math.max(0, newest.visible_at - nowMs)),
  }));
  const failed = await deps.calls.send(deps.url, entries, options);
  if (failed.length > 0)
    deps.log.warn('SQS did not take some messages; the next tick sends them', { count: failed.length });
  return parcels.filter((_, place) => !failed.includes(place)).flatMap(({ rows }) => rows);
}

/** A row that this release cannot read travels all the same: whoever receives it puts it aside with its reason. */
function bodyOf(row: OutboxRow): string {
  const message = readMessage(row.message);
  if (message === undefined) return JSON.stringify({ id: row.id, unreadable: row.message });
  return writeBody({ message, row: row.id, sentAt: row.sent_at ?? row.visible_at });
}

/** Many in one transaction; where one of them was changed meanwhile (another process sent it too), one by one. */
async function markSent(deps: SqsDeps, rows: readonly OutboxRow[], options: CallOptions): Promise<void> {
  const expiresAt = deps.clock.now() + keptMs;
  for (const some of chunks(rows, maxUnitWrites)) {
    const writes = some.map((row) => markWrite(row, expiresAt));
    const result = await deps.store.commit(writes, options);
    if (result.kind === 'conflict') for (const write of writes) await deps.store.commit([write], options);
  }
}

function markWrite(row: OutboxRow, expiresAt: number): Write {
  return {
    kind: 'update',
    key: { table: 'outbox', partition: row.id },
    set: { unsent: undefined, expires_at: expiresAt },
    when: { kind: 'version', version: row.version },
  };
}

function isWithinReach(deps: SqsDeps, row: OutboxRow): boolean {
  return row.visible_at <= deps.clock.now() + longestDelayMs;
}

/** What this process has sent, and whether the store knows: where the mark failed, it is made again, not the message. */
function createSentRows() {
  const sent = new Map<string, 'unmarked' | 'marked'>();
  // A row and its version: a dead letter put back has its old id and is sent again.
  const nameOf = (row: OutboxRow) => `${row.id} ${row.version}`;
  const note = (rows: readonly OutboxRow[], state: 'unmarked' | 'marked') => {
    for (const row of rows) sent.set(nameOf(row), state);
    for (const oldest of sent.keys()) {
      if (sent.size <= rememberedRows) return;
      sent.delete(oldest);
    }
  };
  return {
    stateOf: (row: OutboxRow) => sent.get(nameOf(row)),
    unmarked: (rows: readonly OutboxRow[]) => note(rows, 'unmarked'),
    marked: (rows: readonly OutboxRow[]) => note(rows, 'marked'),
  };
}

export function toOutboxRow(row: Row): OutboxRow {
  return readRow(OutboxRow, 'outbox', row);
}

function* chunks<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let first = 0; first < items.length; first += size) yield items.slice(first, first + size);
}
