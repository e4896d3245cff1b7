import type { WebhookReceipt } from '@polar-gosling/api-contract';
import { isCoded } from '@polar-gosling/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpContext } from './context.ts';
import { webhookErrors } from './http-errors.ts';
import { codedOf, sendProblem } from './problem.ts';
import { isEncoded, readBody } from './read-body.ts';
import { signalOf } from './request-signal.ts';

export const webhookPath = '/webhooks/gitlab';
const maxTokenLength = 1_024;
/** Those that say something of a delivery. */
const readHeaders = [
  'x-gitlab-event',
  'webhook-id',
  'idempotency-key',
  'webhook-timestamp',
  'webhook-signature',
] as const;

/**
 * The route on which GitLab decides whether our hook lives (4 failures in a row switch it off). It runs before Fastify's
 * body parsing, because who may send how much is only known once the token is.
 */
export function mountWebhook(app: FastifyInstance, context: HttpContext): void {
  app.route({
    method: 'POST',
    url: webhookPath,
    onRequest: async (request, reply) => {
      try {
        await receive(context, request, reply);
      } catch (error) {
        if (codedOf(error)?.http === 503) context.metrics.delivery('unavailable');
        throw error;
      }
      return reply;
    },
    handler: async () => undefined,
  });
}

async function receive(context: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { webhooks } = context.engine;
  const signal = signalOf(reply, context.limits.answerTimeoutMs);
  const token = request.headers['x-gitlab-token'];
  if (typeof token !== 'string' || token === '' || token.length > maxTokenLength) {
    deny(context, request, reply);
    return;
  }
  const check = await webhooks.checkToken(token, { signal });
  if (check.kind === 'unknown') {
    deny(context, request, reply);
    return;
  }
  if (isEncoded(request.raw)) throw webhookErrors.badEncoding({});
  const reading = await readBody(
    { request: request.raw, response: reply.raw },
    context.limits.webhookBodyBytes,
    signal,
  );
  if (reading.kind === 'broken') throw webhookErrors.badJson({});
  if (reading.kind === 'too_big') {
    await webhooks.sweepProjectsOf(check.tokenSha256, { signal });
    context.metrics.delivery('too_big');
    accept(reply, 'too_big');
    return;
  }
  const delivery = {
    tokenSha256: check.tokenSha256,
    headers: headersOf(request),
    body: reading.body,
  };
  const { kind } = await webhooks.ingest(delivery, { signal });
  if (kind === 'denied') {
    deny(context, request, reply);
    return;
  }
  context.metrics.delivery(kind);
  if (kind === 'bad_json') throw webhookErrors.badJson({});
  accept(reply, kind);
}

function accept(reply: FastifyReply, status: WebhookReceipt['status']): void {
  const receipt: WebhookReceipt = { status };
  reply.code(200).send(receipt);
}

/** Every refusal is the same, byte for byte, whether the token is absent, unknown, or of another project. */
function deny(context: HttpContext, request: FastifyRequest, reply: FastifyReply): void {
  context.metrics.delivery('denied');
  const refusal = context.access.refusal(request, webhookErrors.denied({}));
  if (!isCoded(refusal, 'WEBHOOK_DENIED')) throw refusal;
  sendProblem(reply, refusal, webhookPath);
}

/** One value each; GitLab repeats none, and Node joins what is repeated. */
function headersOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name of readHeaders) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
