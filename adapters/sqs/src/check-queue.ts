import { type Clock, isCoded } from '@polar-gosling/kernel';
import { type CallOptions, queueErrors } from '@polar-gosling/ports/queue';
import { probeBody } from './body.ts';
import type { SqsCalls } from './calls.ts';
import { type QueueUrls, readRedrivePolicy } from './queues.ts';
import { createSdkCalls, type SqsConnection } from './sdk-calls.ts';

/** One line of `gosling doctor`. */
export interface QueueCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly fix: string;
}

const skewLimitMs = 2_000;
/** Below this, SQS buries what only waits for GitLab or a cloud to come back. */
const leastReceives = 500;

/**
 * Whether this queue can be worked with: reach, rights, dead-letter queue, clock. It sends one message that every
 * worker throws away and takes nothing from anybody.
 */
export async function checkSqsQueue(
  settings: SqsConnection & QueueUrls,
  deps: { clock: Clock },
  options: CallOptions,
): Promise<readonly QueueCheck[]> {
  const calls = createSdkCalls(settings, deps);
  try {
    const reach = await attempt('queue reach', () => calls.attributes(settings.url, options));
    if (reach.value === undefined) return [reach.check];
    return [
      { ...reach.check, detail: `${settings.url} answers` },
      ...(await checkRights(calls, settings.url, options)),
      await checkDeadLetterQueue(calls, { settings, attributes: reach.value }, options),
      checkClock(calls.clockSkewMs()),
    ];
  } finally {
    calls.close();
  }
}

async function checkRights(
  calls: SqsCalls,
  url: string,
  options: CallOptions,
): Promise<readonly QueueCheck[]> {
  const look = { max: 1, visibilitySeconds: 0, waitSeconds: 0 };
  // Rights are judged before the receipt, which is none: neither call changes anything.
  const noReceipt = { receipt: 'none', seconds: 0 };
  const probe = { body: probeBody, delaySeconds: 0 };
  const tries = [
    await attempt('queue right: send', () => calls.send(url, [probe], options)),
    await attempt('queue right: receive', () => calls.receive(url, look, options)),
    await attempt('queue right: change visibility', () => calls.hide(url, noReceipt, options)),
    await attempt('queue right: delete', () => calls.remove(url, [noReceipt.receipt], options)),
  ];
  return tries.map(({ check }) => check);
}

async function checkDeadLetterQueue(
  calls: SqsCalls,
  at: { settings: QueueUrls; attributes: Readonly<Record<string, string>> },
  options: CallOptions,
): Promise<QueueCheck> {
  const name = 'queue dead letters';
  const policy = readRedrivePolicy(at.attributes);
  if (policy === undefined) {
    const detail = 'the queue has no RedrivePolicy: SQS keeps giving out what nobody finishes';
    const fix =
      'start an instance that may call sqs:CreateQueue and sqs:SetQueueAttributes, or set one by hand';
    return { name, ok: false, detail, fix };
  }
  if (policy.maxReceiveCount < leastReceives) {
    const detail = `SQS gives up after ${policy.maxReceiveCount} receives: a long outage of GitLab would bury messages`;
    return { name, ok: false, detail, fix: 'set maxReceiveCount of the RedrivePolicy to 1000' };
  }
  const { dlqUrl } = at.settings;
  if (dlqUrl === undefined) return { name, ok: true, detail: policy.deadLetterTargetArn, fix: '' };
  const target = await attempt(name, () => calls.attributes(dlqUrl, options));
  if (target.value === undefined) return target.check;
  const isTarget = target.value['QueueArn'] === policy.deadLetterTargetArn;
  const detail = isTarget
    ? policy.deadLetterTargetArn
    : `SQS puts dead messages into ${policy.deadLetterTargetArn}, which is not GOSLING_QUEUE_DLQ_URL`;
  const fix = isTarget ? '' : 'let GOSLING_QUEUE_DLQ_URL and the RedrivePolicy name the same queue';
  return { name, ok: isTarget, detail, fix };
}

function checkClock(skewMs: number | undefined): QueueCheck {
  const name = 'queue clock skew';
  if (skewMs === undefined) return { name, ok: true, detail: 'the server does not tell its time', fix: '' };
  // The server tells whole seconds.
  const isOk = Math.abs(skewMs) <= skewLimitMs + 1_000;
  const detail = `${Math.round(skewMs / 1_000)} s between the server's clock and ours`;
  return {
    name,
    ok: isOk,
    detail,
    fix: isOk ? '' : 'set this machine by NTP: requests are refused at 15 min',
  };
}

async function attempt<Value>(
  name: string,
  action: () => Promise<Value>,
): Promise<{ value?: Value; check: QueueCheck }> {
  try {
    return { value: await action(), check: { name, ok: true, detail: 'allowed', fix: '' } };
  } catch (error) {
    return { check: { name, ok: false, ...explain(error) } };
  }
}

function explain(error: unknown): { detail: string; fix: string } {
  if (!isCoded(error)) return { detail: 'failed for an unknown reason', fix: 'see the log of this command' };
  const detail = error.message;
  switch (error.code) {
    case queueErrors.missing.code:
      return { detail, fix: 'make the queue, or correct GOSLING_QUEUE_URL and GOSLING_QUEUE_REGION' };
    case queueErrors.refused.code:
      return {
        detail,
        fix: 'give this role SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes on the queue',
      };
    default:
      return { detail, fix: 'check GOSLING_QUEUE_ENDPOINT, GOSLING_QUEUE_REGION, network and proxy' };
  }
}
