import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDynamoStore } from '@polar-gosling/adapter-dynamo';
import { createDirectoryBlobs, createKeyring } from '@polar-gosling/adapter-local';
import {
  type Clock,
  createMasker,
  createSystemClock,
  createSystemIds,
  silentLogger,
} from '@polar-gosling/kernel';
import { createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { aRunner, createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { rotateKeyring } from './rotate-keyring.ts';

const options = { signal: AbortSignal.timeout(120_000) };
const endpoint = process.env['POLAR_DYNAMODB_URL'];
const credentials = { AWS_ACCESS_KEY_ID: 'polartest', AWS_SECRET_ACCESS_KEY: 'polartestsecret' };
const minuteMs = 60_000;

/** Time stands still until it is told; what waits for the engine waits for real, and shortly. */
function engineClock() {
  const fake = createFakeClock();
  const real = createSystemClock();
  const clock: Clock = { ...fake, sleep: (ms, signal) => real.sleep(Math.min(ms, 20), signal) };
  return { clock, advance: (ms: number) => fake.advance(ms) };
}

it('gives DynamoDB a new key beside a running instance, in two calls 65 minutes apart', {
  timeout: 120_000,
}, async (context) => {
  context.skip(endpoint === undefined, 'POLAR_DYNAMODB_URL names no DynamoDB Local');
  // The rotation finds its credentials as everybody's program does: by the SDK's own rules.
  Object.assign(process.env, credentials);
  const dataDir = mkdtempSync(join(tmpdir(), 'gosling-rotate-'));
  context.onTestFinished(() => {
    for (const name of Object.keys(credentials)) delete process.env[name];
    rmSync(dataDir, { recursive: true, force: true });
  });
  const { clock, advance } = engineClock();
  const ids = createSystemIds(clock);
  const secrets = createMemorySecrets();
  const settings = {
    kind: 'dynamodb',
    endpoint,
    region: 'eu-central-1',
    prefix: `t${randomBytes(6).toString('hex')}-`,
  } as const;
  const instance = async () => {
    const cache = { clock, ttlMs: 5 * minuteMs, masker: createMasker(), logger: silentLogger };
    const sealer = await createKeyring(createCachedSecrets(secrets, cache), options);
    const blobs = createDirectoryBlobs({ dir: join(dataDir, 'blobs') });
    const access = { ...settings, dialect: settings.kind, clock, ids, logger: silentLogger };
    const store = await createDynamoStore({ ...access, sealer, blobs, ...options });
    return {
      put: (id: string, entry: string) => {
        const row = { ...aRunner({ id }), entry: Buffer.from(entry) };
        return store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'any' } }], options);
      },
      async read(id: string) {
        const [row] = await store.get([{ table: 'runners', partition: id }], options);
        return Buffer.from(row?.['entry'] as Uint8Array).toString();
      },
      close: () => store.close(),
    };
  };
  const rotate = () =>
    rotateKeyring(
      {
        ...{ dataDir, secrets, clock, ids, log: silentLogger, masker: createMasker(), pid: process.pid },
        ...{ engines: { store: settings, blobs: {} }, environment: {} },
      },
      options,
    );
  const ring = async (): Promise<{ active: string; keys: Record<string, string> }> =>
    JSON.parse((await secrets.read('store/keyring', options))?.reveal() ?? '');
  const big = Array.from({ length: 30_000 }, (_, n) => n * 7919).join('-');
  const running = await instance();
  await running.put('small', 'a small entry');
  await running.put('big', big);
  const before = await ring();

  const first = await rotate();
  await running.put('late', 'sealed with the ring that it has read before');
  await advance(6 * minuteMs);
  await running.put('later', 'sealed with the new one');
  const early = await rotate();
  await advance(59 * minuteMs);
  const last = await rotate();

  expect(first).toEqual({
    kind: 'waiting',
    rows: 2,
    wasResumed: false,
    untilMs: expect.closeTo(clock.now(), -3),
  });
  expect(early).toMatchObject({ kind: 'waiting', rows: 1, wasResumed: true });
  expect(last).toEqual({ kind: 'done', rows: 0, wasResumed: true });
  const { active, keys } = await ring();
  expect(Object.keys(keys)).toEqual([active]);
  expect(keys).not.toHaveProperty(before.active);
  const fresh = await instance();
  for (const reader of [running, fresh]) {
    expect(await reader.read('small')).toBe('a small entry');
    expect(await reader.read('big')).toBe(big);
    expect(await reader.read('late')).toContain('before');
    expect(await reader.read('later')).toContain('new one');
    await reader.close();
  }
});
