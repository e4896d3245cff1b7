import { apiErrors } from './api-errors.ts';

/** One server-sent event. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const maxEventLetters = 1024 * 1024;

/**
 * Reads `text/event-stream`; `undefined` for what carries nothing, such as a comment that keeps the connection. Fails
 * with API_BAD_ANSWER when an event has no end.
 */
export async function* readServerEvents(
  chunks: AsyncIterable<Uint8Array>,
  at: { readonly url: string; readonly status: number },
): AsyncGenerator<ServerEvent | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? '';
    if (text.length > maxEventLetters) throw apiErrors.badAnswer({ ...at, reason: 'an event has no end' });
    for (const block of blocks) yield readBlock(block);
  }
}

function readBlock(block: string): ServerEvent | undefined {
  const values = (field: string) =>
    block
      .split(/\r?\n/)
      .filter((line) => line.startsWith(`${field}:`))
      .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
  const data = values('data');
  if (data.length === 0) return undefined;
  return { name: values('event').at(-1) ?? 'message', data: data.join('\n') };
}
