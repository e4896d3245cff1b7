import { createHash } from 'node:crypto';
import type { IdSource } from '@polar-gosling/kernel';
import { sendRequest } from '../http/send-request.ts';
import type { SimContext } from '../sim-context.ts';
import type { Hook, HookDelivery, HookTrigger } from '../state/hook.ts';
import { alertStatus, recordFailure, recordSuccess } from './auto-disable.ts';
import { signWebhook } from './signature.ts';

/** One message for one hook, before it is sent. */
export interface HookMessage {
  readonly trigger: HookTrigger;
  /** `webhook-id`; a resend keeps it. */
  readonly id: string;
  /** The event's id, shared by all hooks that get it; a resend has a new one. */
  readonly eventId: string;
  readonly kind: HookDelivery['kind'];
  readonly body: string;
}

const eventNames: Partial<Record<HookTrigger, string>> = {
  push_events: 'Push Hook',
  tag_push_events: 'Tag Push Hook',
  merge_requests_events: 'Merge Request Hook',
  pipeline_events: 'Pipeline Hook',
  job_events: 'Job Hook',
};
const maxResponseChars = 8192;

/** Sends a message once and keeps the books; a disabled hook gets tests and resends only. */
export async function deliver(context: SimContext, hook: Hook, message: HookMessage): Promise<HookDelivery> {
  const { world, clock, settings } = context;
  const atMs = clock.now();
  const headers = deliveryHeaders(context, hook, message);
  const facts = {
    id: world.nextId('delivery'),
    hookId: hook.id,
    projectId: hook.projectId,
    trigger: message.trigger,
    url: hook.url,
    messageId: message.id,
    kind: message.kind,
    headers,
    body: message.body,
    atMs,
  };
  const record = (rest: Pick<HookDelivery, 'outcome' | 'status' | 'error' | 'responseBody'>) => {
    const delivery: HookDelivery = { ...facts, ...rest, durationMs: clock.now() - atMs };
    world.deliveries.push(delivery);
    return delivery;
  };
  if (message.kind === 'event' && alertStatus(hook, atMs) !== 'executable') {
    return record({ outcome: 'skipped', status: undefined, error: 'hook is disabled', responseBody: '' });
  }
  try {
    const reply = await sendRequest({
      url: new URL(hook.url),
      method: 'POST',
      headers,
      body: message.body,
      timeoutMs: settings.hookTimeoutMs,
      isSslVerified: hook.isSslVerified,
      caPem: settings.hookCaPem,
      signal: context.signal,
    });
    const isGood = reply.status >= 200 && reply.status < 400;
    keepScore(context, hook, isGood);
    return record({
      outcome: isGood ? 'delivered' : 'failed',
      status: reply.status,
      error: undefined,
      responseBody: reply.body.toString().slice(0, maxResponseChars),
    });
  } catch (error) {
    keepScore(context, hook, false);
    return record({ outcome: 'failed', status: undefined, error: String(error), responseBody: '' });
  }
}

/** A new id in the shape of a UUID. */
export function newUuid(ids: IdSource): string {
  const hex = createHash('sha256').update(ids.token(16)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function deliveryHeaders(context: SimContext, hook: Hook, message: HookMessage): Record<string, string> {
  const timestamp = String(Math.floor(context.clock.now() / 1000));
  return {
    'Content-Type': 'application/json',
    'User-Agent': `GitLab/${context.settings.version}`,
    'Idempotency-Key': message.id,
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    ...(hook.signingToken !== undefined && {
      'webhook-signature': signWebhook(hook.signingToken, { id: message.id, timestamp, body: message.body }),
    }),
    'X-Gitlab-Event': eventNames[message.trigger] ?? 'System Hook',
    'X-Gitlab-Event-UUID': message.eventId,
    'X-Gitlab-Instance': context.baseUrl(),
    ...(hook.token !== undefined && { 'X-Gitlab-Token': hook.token }),
    // Documented as the hook's own id, but in truth new on each delivery: nothing may rely on it.
    'X-Gitlab-Webhook-UUID': newUuid(context.ids),
    ...Object.fromEntries(hook.customHeaders),
  };
}

function keepScore(context: SimContext, hook: Hook, isGood: boolean): void {
  if (isGood) recordSuccess(hook);
  else if (context.settings.autoDisableHooks) recordFailure(hook, context.clock.now());
}
