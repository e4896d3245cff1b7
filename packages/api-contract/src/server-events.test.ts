import { describe, expect, it } from 'vitest';
import { readServerEvents, type ServerEvent } from './server-events.ts';

const at = { url: 'https://gosling.test/events', status: 200 };

async function* inParts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

describe('server-sent events', () => {
  it.each([1, 2, 3, 7, 1_000])('are the same in parts of %i bytes', async (size) => {
    const text =
      ': watching\n\nevent: run\r\ndata: {"name":\r\ndata:  "gänse 🪿"}\r\n\r\nid: 7\n\ndata: plain\n\ndata: cut off';
    const events: (ServerEvent | undefined)[] = [];

    for await (const event of readServerEvents(inParts(new TextEncoder().encode(text), size), at)) {
      events.push(event);
    }

    expect(events).toEqual([
      undefined,
      { name: 'run', data: '{"name":\n "gänse 🪿"}' },
      undefined,
      { name: 'message', data: 'plain' },
    ]);
  });

  it('are refused when one has no end', async () => {
    const endless = inParts(new Uint8Array(2_000_000).fill(0x20), 65_536);

    await expect(readServerEvents(endless, at).next()).rejects.toMatchObject({ code: 'API_BAD_ANSWER' });
  });
});
