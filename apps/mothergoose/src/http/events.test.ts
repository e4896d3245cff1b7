import { RunEvent } from '@polar-gosling/api-contract';
import type { Events } from '@polar-gosling/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const noonMs = Date.parse('2026-03-01T12:00:00Z');
const line = { number: 1, at: noonMs, kind: 'stage', message: 'Plan:\n1 to add' } as const;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server on loopback whose engine tells one event, then nothing for as long as somebody listens. */
async function start() {
  const watched: { egg?: string | undefined }[] = [];
  const ended = Promise.withResolvers<void>();
  const watch: Events['watch'] = async function* (_caller, request, { signal }) {
    watched.push(request);
    yield { runId: 'run-1', egg: 'my-app', shard: 0, state: 'planning', line };
    yield undefined;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    ended.resolve();
  };
  const app = testApp(createFakeEngine({ events: { watch } }).engine);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => app.close());
  const get = (query: string, signal?: AbortSignal) =>
    fetch(`${url}/events${query}`, {
      headers: { authorization: 'Bearer read-token' },
      ...(signal && { signal }),
    });
  return { app, get, watched, ended: ended.promise };
}

/** Reads until the text holds `end`. */
async function readUntil(answer: Response, end: string): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(end)) break;
  }
  return text;
}

describe('the stream of events', () => {
  it('tells what happens as server-sent events, one line of JSON each', async () => {
    const { get, watched } = await start();

    const answer = await get('?egg=my-app');
    const text = await readUntil(answer, 'nothing new\n\n');

    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(watched).toEqual([{ egg: 'my-app' }]);
    const [, data = ''] = /^event: run\ndata: (.*)\n\n/m.exec(text) ?? [];
    expect(RunEvent.parse(JSON.parse(data))).toEqual({
      ...{ run_id: 'run-1', egg_name: 'my-app', shard: 0, state: 'planning' },
      line: { number: 1, at: '2026-03-01T12:00:00.000Z', kind: 'stage', message: 'Plan:\n1 to add' },
    });
  });

  it('ends by itself after the seconds that were asked for', async () => {
    const { get } = await start();

    expect(await (await get('?seconds=1')).text()).toContain('nothing new');
    expect((await get('?seconds=0')).status).toBe(400);
  });

  it('holds nothing when its reader goes away', async () => {
    const { get, ended } = await start();
    const leaving = new AbortController();
    const answer = await get('', leaving.signal);
    await readUntil(answer, 'data:').catch(() => undefined);

    leaving.abort();

    await expect(ended).resolves.toBeUndefined();
  });

  it('does not hold up the stop of the server', async () => {
    const { app, get, ended } = await start();
    const reading = (await get('')).text();

    await app.close();

    await ended;
    expect(await reading).toContain('data:');
  });
});
