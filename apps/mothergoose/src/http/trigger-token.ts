import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { HttpContext } from './context.ts';

/** Does the request carry the timer's secret? Without the header the secret store is not asked. */
export async function hasTriggerToken(
  { engine }: Pick<HttpContext, 'engine'>,
  { request, signal }: { readonly request: FastifyRequest; readonly signal: AbortSignal },
): Promise<boolean> {
  const given = request.headers['x-trigger-auth'];
  if (typeof given !== 'string' || given === '') return false;
  const expected = await engine.tokens.ensureTriggerToken({ signal });
  return timingSafeEqual(digest(given), digest(expected.reveal()));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
