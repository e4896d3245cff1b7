import { type CallOptions, type QueueOperations, queueName } from '@polar-gosling/ports/queue';
import { createDeadLetters, deadLetters, rowsOf } from '@polar-gosling/ports/queue/adapter';
import { collectDeadMessages } from './dead-messages.ts';
import type { SqsDeps } from './deps.ts';
import { type Sender, toOutboxRow } from './sender.ts';

/** Looking costs a request: often enough for a dead letter that SQS made. */
const collectEveryMs = 30_000;

interface Deps extends SqsDeps {
  readonly sender: Sender;
  /** Age of the oldest message this process was given lately. */
  seenAgeMs(): number;
}

/** The operator's view: what SQS counts, about, and what is still in the outbox. */
export function createOperations(deps: Deps): QueueOperations {
  const letters = createDeadLetters({ ...deps, wake: () => undefined });
  let collectedAt = Number.NEGATIVE_INFINITY;
  return {
    stats: (options) => readStats(deps, options),
    async sendDue(options) {
      await deps.sender.sendDue(options);
      if (deps.clock.monotonic() - collectedAt < collectEveryMs) return;
      await collectDeadMessages(deps, options);
      collectedAt = deps.clock.monotonic();
    },
    async giveBackAll() {
      // Others may be alive: what a dead one held comes again when its lease ends.
    },
    ...letters,
    async redrive(id, options) {
      const outcome = await letters.redrive(id, options);
      if (outcome === 'missing') return outcome;
      const [row] = await deps.store.get([{ table: 'outbox', partition: id }], options);
      if (row !== undefined) deps.sender.offer([toOutboxRow(row)]);
      await deps.sender.settled();
      return outcome;
    },
  };
}

async function readStats(deps: Deps, options: CallOptions) {
  const nowMs = deps.clock.now();
  const attributes = await deps.calls.attributes(deps.url, options);
  const count = (name: string) => Number(attributes[name] ?? 0);
  const counts = {
    ready: count('ApproximateNumberOfMessages'),
    leased: count('ApproximateNumberOfMessagesNotVisible'),
    delayed: count('ApproximateNumberOfMessagesDelayed'),
    buried: 0,
    oldestAgeMs: 0,
  };
  if (counts.ready > 0) counts.oldestAgeMs = deps.seenAgeMs();
  const unsent = { table: 'outbox', index: 'unsent', partition: queueName } as const;
  for await (const row of rowsOf(deps.store, unsent, options)) {
    counts[row.visible_at <= nowMs ? 'ready' : 'delayed']++;
    counts.oldestAgeMs = Math.max(counts.oldestAgeMs, nowMs - row.visible_at);
  }
  for await (const _ of rowsOf(deps.store, deadLetters, options)) counts.buried++;
  return counts;
}
