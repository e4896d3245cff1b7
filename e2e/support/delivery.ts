import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hook } from '@polar-gosling/gitlab-sim';
import { root } from './world.ts';

type Json = Record<string, unknown>;

const folder = join(root, 'e2e/gitlab-payloads');
const read = (name: string): Json => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

/** One of GitLab's own payloads, about a project of the simulator (and about one of its jobs). */
export function payload(name: string, at: { projectId: number; jobId?: number }): Json {
  const body = read(name);
  const project = typeof body['project'] === 'object' ? { ...body['project'], id: at.projectId } : undefined;
  return {
    ...body,
    ...('project_id' in body && { project_id: at.projectId }),
    ...(project && { project }),
    ...(at.jobId !== undefined && { build_id: at.jobId }),
  };
}

const events: Readonly<Record<string, string>> = {
  build: 'Job Hook',
  pipeline: 'Pipeline Hook',
  push: 'Push Hook',
  tag_push: 'Tag Push Hook',
  merge_request: 'Merge Request Hook',
};

export interface Delivery {
  readonly body: Json;
  readonly hook: Pick<Hook, 'token' | 'signingToken'>;
  /** `webhook-id`; each delivery has its own. */
  readonly id: string;
  /** Header values that differ from what GitLab would send; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Sends it as GitLab does, with its documented headers; answers status and body. */
export async function deliver(
  baseUrl: string,
  delivery: Delivery,
): Promise<{ status: number; body: string }> {
  const body = JSON.stringify(delivery.body);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers: Record<string, unknown> = {
    ...read('delivery_headers'),
    'Idempotency-Key': delivery.id,
    'webhook-id': delivery.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': sign(delivery.hook.signingToken ?? '', `${delivery.id}.${timestamp}.${body}`),
    'X-Gitlab-Event': events[String(delivery.body['object_kind'])] ?? 'Note Hook',
    'X-Gitlab-Token': delivery.hook.token,
    ...delivery.headers,
  };
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  const answer = await fetch(`${baseUrl}/webhooks/gitlab`, {
    method: 'POST',
    headers: Object.fromEntries(given),
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

/** Standard Webhooks, from its text: HMAC-SHA256 with the key that stands in base64 behind `whsec_`. */
function sign(signingToken: string, text: string): string {
  const key = Buffer.from(signingToken.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
}
