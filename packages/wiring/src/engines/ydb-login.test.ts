import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeCloud, startFakeCloud } from '@polar-gosling/adapter-yandex/fake-cloud';
import { createMasker, Secret, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudSecrets } from '../clouds/provider-env.ts';
import { hasStaticKey } from '../clouds/yandex-tokens.ts';
import { openLocalSecrets } from '../open-secrets.ts';
import { checkEngine } from './check-engines.ts';
import { stores } from './registry.ts';
import { embeddedEngines } from './settings.ts';

const options = { signal: new AbortController().signal };
const clock = createFakeClock();
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const seen: (string | undefined)[] = [];
let status = 200;
/** In the place of a database: what it is asked by is all that counts here. */
const database = createServer((request, response) => {
  seen.push(request.headers['authorization']);
  request.resume();
  // No Date: the doctor would compare it with the fake clock and stop there.
  response.sendDate = false;
  response.statusCode = status;
  response.end(status === 200 ? '{}' : '{"__type":"AccessDeniedException"}');
});
let cloud: FakeCloud;
let dataDir = '';
let endpoint = '';

beforeEach(async () => {
  seen.length = 0;
  status = 200;
  dataDir = mkdtempSync(join(tmpdir(), 'gosling-ydb-'));
  cloud = await startFakeCloud(clock);
  database.listen(0, '127.0.0.1');
  await once(database, 'listening');
  endpoint = `http://127.0.0.1:${(database.address() as AddressInfo).port}`;
});
afterEach(async () => {
  database.closeAllConnections();
  database.close();
  await once(database, 'close');
  await cloud.close();
  rmSync(dataDir, { recursive: true });
});

const settings = () => ({ kind: 'ydb' as const, endpoint });
const secrets = () => openLocalSecrets({ dataDir, clock });
const deps = () => ({
  ...{ dataDir, clock, environment: {}, log: silentLogger, masker: createMasker(), signal: options.signal },
  ids: createSeededIds(1, clock),
  yandexAt: { iamUrl: cloud.url, metadataUrl: cloud.url },
});
const putKey = () => secrets().write(cloudSecrets.yandexKey, new Secret(cloud.keyJson), options);
const open = () =>
  stores.ydb.open(settings(), { ...deps(), secrets: secrets(), sealer, blobs: createMemoryBlobs() });
const check = () => checkEngine('store', { ...embeddedEngines, store: settings() }, deps());

describe('the store in YDB, without a static key', () => {
  it('is asked with a token that the stored key of a service account is traded for', async () => {
    await putKey();
    status = 400;

    await expect(open()).rejects.toMatchObject({ code: 'STORE_NOT_OPENED' });

    expect(seen).toEqual(['Bearer t1.fake-0']);
    expect(cloud.complaints).toEqual([]);
  });

  it('is looked at by the doctor in the same way, with one token for all it asks', async () => {
    await putKey();

    expect((await check())[0]).toMatchObject({ name: 'reach', ok: true });

    expect(seen.length).toBeGreaterThan(5);
    expect(new Set(seen)).toEqual(new Set(['Bearer t1.fake-0']));
    expect(cloud.tokensGiven()).toBe(1);
  });

  it('is asked as the service account of the host where no key is stored', async () => {
    await check();

    expect(new Set(seen)).toEqual(new Set(['Bearer t1.fake-0']));
    expect(cloud.complaints).toEqual([]);
  });

  it.each(['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE'])(
    'needs no token where the environment names one by %s',
    (name) => {
      expect(hasStaticKey({ [name]: 'given' })).toBe(true);
      expect(hasStaticKey({ [name]: '', HOME: '/root' })).toBe(false);
    },
  );

  it('is not asked at all where no token is given, and the doctor says why', async () => {
    cloud.fail(403);

    const [reach] = await check();

    expect(reach).toMatchObject({ name: 'reach', ok: false, detail: expect.stringContaining('403') });
    expect(reach?.fix).toContain('credentials');
    expect(seen).toEqual([]);
  });
});
