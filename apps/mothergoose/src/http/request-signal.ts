import { deadline } from '@polar-gosling/kernel';
import type { FastifyReply } from 'fastify';

/** Ends when the client went away before the answer, or after `timeoutMs`. */
export function signalOf(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new DOMException('the client went away', 'AbortError'));
  });
  return deadline(gone.signal, timeoutMs);
}
