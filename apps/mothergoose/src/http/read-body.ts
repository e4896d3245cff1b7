import type { IncomingMessage, ServerResponse } from 'node:http';

export type BodyReading =
  | { readonly kind: 'ok'; readonly body: Uint8Array }
  | { readonly kind: 'too_big' }
  /** The connection ended before the body did. */
  | { readonly kind: 'broken' };

/** Reads up to `maxBytes`; what is longer is left unread. Fails with the signal's reason. */
export async function readBody(
  raw: { readonly request: IncomingMessage; readonly response: ServerResponse },
  maxBytes: number,
  signal: AbortSignal,
): Promise<BodyReading> {
  const { request, response } = raw;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { kind: 'too_big' };
  continueIfAsked(request, response);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (action: () => void) => {
      request.off('data', take).off('end', end).off('error', broken).off('close', broken);
      signal.removeEventListener('abort', abort);
      action();
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      settle(() => resolve({ kind: 'too_big' }));
    };
    const end = () => settle(() => resolve({ kind: 'ok', body: Buffer.concat(chunks) }));
    const broken = () => settle(() => resolve({ kind: 'broken' }));
    const abort = () => settle(() => reject(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    request.on('data', take).once('end', end).once('error', broken).once('close', broken);
  });
}

/** `Expect: 100-continue` is answered only when the body is wanted; see `http-server.ts`. */
export function continueIfAsked(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
}

/** Nothing is unpacked here: a small body could become a huge one. */
export function isEncoded(request: IncomingMessage): boolean {
  const encoding = request.headers['content-encoding'];
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}
