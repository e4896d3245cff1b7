import type { FastifyReply } from 'fastify';

/** Ends when the client went away before the answer, or after `timeoutMs`. */
export function signalOf(reply: FastifyReply, timeoutMs: number): AbortSignal {
  // One controller and a timer that ends with the answer: signals made of signals are a third of a small request.
  const ending = new AbortController();
  const timer = setTimeout(
    () => ending.abort(new DOMException('it took too long', 'TimeoutError')),
    timeoutMs,
  );
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) ending.abort(new DOMException('the client went away', 'AbortError'));
  });
  return ending.signal;
}
