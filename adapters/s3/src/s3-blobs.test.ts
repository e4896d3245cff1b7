import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createS3Blobs, type S3Blobs } from './index.ts';
import { openS3Client } from './s3-client.ts';
import { putObject } from './s3-objects.ts';

// What a real service does not do on demand: cut a download short, ignore a condition, answer 503.
const options = { signal: new AbortController().signal };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<{ blobs: S3Blobs; endpoint: string }> {
  server = createServer(listener);
  await new Promise<void>((resolve) => {
    server?.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return { endpoint, blobs: openAt(endpoint) };
}

function openAt(endpoint: string, more: { proxies?: Record<string, string> } = {}): S3Blobs {
  // Waits for nothing: a delay between two tries is over at once.
  const clock = {
    ...createFakeClock(),
    sleep: async (_ms: number, signal: AbortSignal) => signal.throwIfAborted(),
  };
  return createS3Blobs({
    bucket: 'b',
    endpoint,
    credentials,
    clock,
    ids: createSeededIds(1, clock),
    ...more,
  });
}

const slowDown = '<Error><Code>SlowDown</Code><Message>less</Message></Error>';

/** A service that overwrites whatever condition it is given. */
function overwriting(values: Map<string, Buffer>): RequestListener {
  return (request, response) => {
    const key = new URL(request.url ?? '', 'http://x').pathname;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'PUT') values.set(key, Buffer.concat(parts));
      if (request.method === 'DELETE') values.delete(key);
      const value = values.get(key);
      if (request.method === 'GET' && value === undefined) {
        return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
      }
      return response.writeHead(200).end(request.method === 'GET' ? value : '');
    });
  };
}

describe('createS3Blobs', () => {
  it('reads a value anew whose hash is of the one before, and gives up on one that stays so', async () => {
    const sha256 = createHash('sha256').update('new').digest('hex');
    const bodies = ['old', 'new', 'old', 'old', 'old'];
    const { blobs } = await serve((_request, response) => {
      response.writeHead(200, { 'x-amz-meta-sha256': sha256 }).end(bodies.shift());
    });

    expect(await blobs.read('a', options)).toEqual(bytesOf('new'));
    await expect(blobs.read('a', options)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect(bodies).toEqual([]);
  });

  it("goes through the host's proxy, and past it where that is said", async () => {
    const hosts: (string | undefined)[] = [];
    const { endpoint } = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end('value');
    });
    const through = openAt('http://objects.invalid', { proxies: { HTTP_PROXY: endpoint } });
    const past = openAt(endpoint, {
      proxies: { http_proxy: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' },
    });

    expect(await through.read('a', options)).toEqual(bytesOf('value'));
    expect(await past.read('a', options)).toEqual(bytesOf('value'));
    await through.close();
    await past.close();

    expect(hosts).toEqual(['objects.invalid', endpoint.slice('http://'.length)]);
  });

  it('finds out for the others whether conditions are held though the first who asked gave up', async () => {
    const values = new Map<string, Buffer>();
    const goOn = Promise.withResolvers<void>();
    let asked = 0;
    const { blobs } = await serve(async (request, response) => {
      if (request.method === 'GET') {
        asked++;
        await goOn.promise;
      }
      overwriting(values)(request, response);
    });
    const hasty = new AbortController();
    const first = blobs.writeIfAbsent('a', bytesOf('x'), { signal: hasty.signal });
    const second = blobs.writeIfAbsent('b', bytesOf('x'), options);

    hasty.abort(new RangeError('no patience'));
    await expect(first).rejects.toThrow('no patience');
    goOn.resolve();

    await expect(second).rejects.toMatchObject({ code: 'BLOB_NO_CONDITIONAL_WRITES' });
    expect(asked).toBe(1);
  });

  it('takes a download that was cut short for a failure, in one piece or in chunks', async () => {
    const { blobs } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(500), () => response.destroy());
    });
    const readAll = async () => {
      for await (const chunk of (await blobs.openRead('a', options)) ?? []) expect(chunk).toBeDefined();
    };

    await expect(blobs.read('a', options)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    await expect(readAll()).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  });

  it('repeats what may be repeated when the service is busy', async () => {
    let calls = 0;
    const { blobs } = await serve((_request, response) => {
      calls += 1;
      if (calls < 3) response.writeHead(503).end(slowDown);
      else response.writeHead(200).end('value');
    });

    expect(await blobs.read('a', options)).toEqual(bytesOf('value'));
    expect(calls).toBe(3);
  });

  it('gives up after a few tries, and does not repeat what was refused', async () => {
    const seen: string[] = [];
    const { blobs } = await serve((request, response) => {
      seen.push(String(request.url));
      if (request.url?.includes('busy')) response.writeHead(503).end(slowDown);
      else response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    });

    await expect(blobs.read('busy', options)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    await expect(blobs.remove('mine', options)).rejects.toMatchObject({ code: 'BLOB_DENIED' });
    expect(seen.filter((url) => url.includes('busy'))).toHaveLength(4);
    expect(seen.filter((url) => url.includes('mine'))).toHaveLength(1);
  });

  it('does not repeat a write-once whose answer was lost', async () => {
    const conditions: string[] = [];
    const values = new Map([['/b/.gosling/conditional-writes.json', held()]]);
    const { blobs } = await serve((request, response) => {
      const condition = request.headers['if-none-match'];
      if (condition === undefined) return overwriting(values)(request, response);
      conditions.push(condition);
      return request.socket.destroy();
    });

    await expect(blobs.writeIfAbsent('a', bytesOf('x'), options)).rejects.toMatchObject({
      code: 'BLOB_UNAVAILABLE',
    });
    expect(conditions).toEqual(['*']);
  });

  it('refuses to write once where the service overwrites, and records that it does', async () => {
    const values = new Map<string, Buffer>();
    const { blobs, endpoint } = await serve(overwriting(values));

    await expect(blobs.writeIfAbsent('a', bytesOf('x'), options)).rejects.toMatchObject({
      code: 'BLOB_NO_CONDITIONAL_WRITES',
    });
    const again = openAt(endpoint).writeIfAbsent('a', bytesOf('x'), options);
    await expect(again).rejects.toMatchObject({ code: 'BLOB_NO_CONDITIONAL_WRITES' });
    expect([...values.keys()]).toEqual(['/b/.gosling/conditional-writes.json']);
    expect(String(values.get('/b/.gosling/conditional-writes.json'))).toContain('"ignored"');
  });

  it('writes without a condition where the service has none of that kind', async () => {
    const values = new Map<string, Buffer>();
    const overwrite = overwriting(values);
    const { blobs } = await serve((request, response) => {
      const isOnce = request.headers['if-none-match'] !== undefined;
      if (isOnce && values.has(new URL(request.url ?? '', 'http://x').pathname)) {
        return response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
      }
      if (request.headers['if-match'] === undefined) return overwrite(request, response);
      return response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>');
    });
    await blobs.writeShared('a', bytesOf('one'), { ...options, over: undefined });
    const read = await blobs.readShared('a', options);

    const outcome = await blobs.writeShared('a', bytesOf('two'), { ...options, over: read?.version });

    expect(outcome).toBe('written');
    expect((await blobs.readShared('a', options))?.bytes).toEqual(bytesOf('two'));
  });

  it('keeps content there all the same: the same bytes may be written twice', async () => {
    const { blobs } = await serve(overwriting(new Map()));
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf('a bundle');
    };

    const { key } = await blobs.putContent('bundles', source(), options);

    expect(await blobs.read(key, options)).toEqual(bytesOf('a bundle'));
    expect(await blobs.writeIfAbsent(key, bytesOf('a bundle'), options)).toBe('written');
  });

  it('takes no answer of another kind for a missing value', async () => {
    const { blobs } = await serve((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>no such page</html>');
    });

    await expect(blobs.read('a', options)).rejects.toMatchObject({ code: expect.stringMatching(/^BLOB_/) });
  });

  it('says that a service which is not there does not answer', async () => {
    const { blobs } = await serve(() => undefined);
    server?.close();

    await expect(blobs.read('a', options)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  });

  it('refuses what one request cannot carry, before it sends anything', async () => {
    let calls = 0;
    const { endpoint } = await serve((_request, response) => {
      calls += 1;
      response.end();
    });
    const client = openS3Client({ endpoint, credentials });
    const spooled = { sizeBytes: 6 * 1024 ** 3, sha256: 'x', body: () => new Uint8Array() };

    const put = putObject({ client, bucket: 'b', prefix: '' }, { key: 'a', spooled }, options.signal);

    await expect(put).rejects.toMatchObject({ code: 'BLOB_TOO_BIG' });
    expect(calls).toBe(0);
    client.destroy();
  });

  it('ends a call that the caller has given up', async () => {
    const giving = new AbortController();
    const { blobs } = await serve(() => giving.abort(new Error('gone')));

    await expect(blobs.read('a', { signal: giving.signal })).rejects.toThrow('gone');
  });
});

function held(): Buffer {
  return Buffer.from(JSON.stringify({ verdict: 'held', checked_at: createFakeClock().now() }));
}
