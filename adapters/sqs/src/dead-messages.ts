import type { Json } from '@polar-gosling/kernel';
import { type CallOptions, queueName } from '@polar-gosling/ports/queue';
import { readMessage } from '@polar-gosling/ports/queue/adapter';
import type { Write } from '@polar-gosling/ports/store';
import { readBody } from './body.ts';
import type { SqsMessage } from './calls.ts';
import type { SqsDeps } from './deps.ts';

const batchMessages = 10;
/** A foreign text is kept as far as it helps to tell where it came from. */
const keptCharacters = 2_000;
const visibilitySeconds = 30;

/** The write that makes a row of the outbox a dead letter, whether or not it is still there. */
export function deadLetterWrite(letter: {
  row: string;
  message: Json;
  reason: string;
  receives: number;
  nowMs: number;
}): Write {
  return {
    kind: 'update',
    key: { table: 'outbox', partition: letter.row },
    set: {
      queue: queueName,
      message: letter.message,
      merge_key: mergeKeyOf(letter.message),
      unsent: undefined,
      lease_token: undefined,
      visible_at: letter.nowMs,
      receives: letter.receives,
      buried_at: letter.nowMs,
      reason: letter.reason,
      expires_at: undefined,
    },
    when: { kind: 'any' },
  };
}

/** A message that is none of ours, or of a newer release: kept for a person to look at. */
export async function buryUnreadable(deps: SqsDeps, sqs: SqsMessage, options: CallOptions): Promise<void> {
  await bury(deps, { sqs, reason: 'this release cannot read the message', from: deps.url }, options);
}

/**
 * What SQS put into its own dead-letter queue (a worker that dies before it can judge, or a person) becomes a dead
 * letter like any other, so that there is one list of them.
 */
export async function collectDeadMessages(deps: SqsDeps, options: CallOptions): Promise<void> {
  const { dlqUrl } = deps;
  if (dlqUrl === undefined) return;
  for (;;) {
    const request = { max: batchMessages, visibilitySeconds, waitSeconds: 0 };
    const messages = await deps.calls.receive(dlqUrl, request, options);
    if (messages.length === 0) return;
    for (const sqs of messages) {
      const reason = 'SQS gave it out too often and nobody finished it';
      await bury(deps, { sqs, reason, from: dlqUrl }, options);
    }
  }
}

async function bury(
  deps: SqsDeps,
  at: { sqs: SqsMessage; reason: string; from: string },
  options: CallOptions,
): Promise<void> {
  const { sqs } = at;
  const wakeup = readBody(sqs.body);
  if (wakeup !== 'probe') {
    const write = deadLetterWrite({
      row: wakeup?.row ?? `sqs#${sqs.id}`,
      message:
        wakeup === undefined ? { unreadable: sqs.body.slice(0, keptCharacters) } : { ...wakeup.message },
      reason: at.reason,
      receives: sqs.receiveCount,
      nowMs: deps.clock.now(),
    });
    await deps.store.commit([write], options);
    deps.log.error('a message was put aside', { reason: at.reason, key: wakeup?.message.key });
  }
  await deps.calls.remove(at.from, [sqs.receipt], options);
}

function mergeKeyOf(message: Json): string | undefined {
  const read = readMessage(message);
  return read && `${read.kind} ${read.key}`;
}
