import { isCoded, type Logger } from '@polar-gosling/kernel';
import { type CallOptions, queueErrors } from '@polar-gosling/ports/queue';
import { z } from 'zod';
import type { SqsCalls } from './calls.ts';

export interface QueueUrls {
  readonly url: string;
  /** Where SQS puts what was given out too often; when not given: the one of the queue, or `{name}-dlq`, made. */
  readonly dlqUrl?: string | undefined;
}

/** The most SQS allows: workers bury by themselves long before, with a reason. */
const maxReceiveCount = 1_000;
const twoWeeks = String(14 * 86_400);
const suffix = '-dlq';

export const RedrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number(),
});

export function readRedrivePolicy(attributes: Readonly<Record<string, string>>) {
  const text = attributes['RedrivePolicy'];
  if (text === undefined || text === '') return undefined;
  try {
    return RedrivePolicy.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Makes the queue and its dead-letter queue where they are missing, and answers their URLs. */
export async function createQueues(
  calls: SqsCalls,
  name: string,
  options: CallOptions,
): Promise<{ url: string; dlqUrl: string }> {
  const dlqUrl = await calls.create(`${name}${suffix}`, { MessageRetentionPeriod: twoWeeks }, options);
  const url = await calls.create(name, { MessageRetentionPeriod: twoWeeks }, options);
  await pointAt(calls, { url, dlqUrl }, options);
  return { url, dlqUrl };
}

/**
 * The URL of the dead-letter queue, which is made when the queue has none. Without the right to make one the queue
 * works all the same (our workers bury in the store); the self-check says how to mend it.
 */
export async function requireDeadLetterQueue(
  calls: SqsCalls,
  queues: QueueUrls & { log: Logger },
  options: CallOptions,
): Promise<string | undefined> {
  const { url, dlqUrl, log } = queues;
  const attributes = await calls.attributes(url, options);
  const hasPolicy = readRedrivePolicy(attributes) !== undefined;
  if (hasPolicy && dlqUrl !== undefined) return dlqUrl;
  try {
    const name = `${nameOf(url)}${suffix}`;
    if (hasPolicy) return await calls.create(targetNameOf(attributes) ?? name, {}, options);
    const target = dlqUrl ?? (await calls.create(name, { MessageRetentionPeriod: twoWeeks }, options));
    await pointAt(calls, { url, dlqUrl: target }, options);
    return target;
  } catch (error) {
    if (!isCoded(error, queueErrors.refused.code)) throw error;
    log.warn('the queue has no dead-letter queue and we may not make one', { error });
    return dlqUrl;
  }
}

async function pointAt(
  calls: SqsCalls,
  queues: { url: string; dlqUrl: string },
  options: CallOptions,
): Promise<void> {
  const { QueueArn: arn = '' } = await calls.attributes(queues.dlqUrl, options);
  const policy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount });
  await calls.setAttributes(queues.url, { RedrivePolicy: policy }, options);
}

/** The name in the ARN the queue points at. */
function targetNameOf(attributes: Readonly<Record<string, string>>): string | undefined {
  return readRedrivePolicy(attributes)?.deadLetterTargetArn.split(':').at(-1);
}

export function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
