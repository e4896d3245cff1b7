import type { Readable } from 'node:stream';

export type BodyResult = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'too big' };

/** Reads a body up to a limit; above it the connection is dropped, so nobody can make us read for ever. */
export async function readBody(body: Readable, maxBytes: number): Promise<BodyResult> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      body.destroy();
      return { kind: 'too big' };
    }
    chunks.push(chunk);
  }
  return { kind: 'text', text: Buffer.concat(chunks).toString('utf8') };
}
