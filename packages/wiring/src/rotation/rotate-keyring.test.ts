import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  beginKeyRotation,
  createDirectoryBlobs,
  createKeyring,
  type KeyringSecrets,
  lockDirectory,
} from '@polar-gosling/adapter-local';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import {
  createMasker,
  createSystemClock,
  createSystemIds,
  Secret,
  silentLogger,
} from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { aRunner, createFakeClock, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedEngines } from '../engines/settings.ts';
import { graceMs, type RotationDeps, rotateKeyring } from './rotate-keyring.ts';

const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const machine = {
  engines: embeddedEngines,
  environment: {},
  masker: createMasker(),
  ids: createSystemIds(clock),
};
let dataDir: string;
let secrets: SecretStore;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gosling-rotate-'));
  secrets = createMemorySecrets();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function withStore<Result>(
  action: (store: Awaited<ReturnType<typeof createSqliteStore>>) => Promise<Result>,
  over: KeyringSecrets = secrets,
): Promise<Result> {
  const sealer = await createKeyring(over, options);
  const blobs = createDirectoryBlobs({ dir: join(dataDir, 'blobs') });
  const path = join(dataDir, 'gosling.db');
  const store = await createSqliteStore({ path, clock, sealer, blobs, logger: silentLogger, mode: 'inline' });
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

/** As an instance whose cache still has the ring it read first, and asks again when it must. */
function heldRing(): KeyringSecrets {
  let kept: Promise<Secret | undefined> | undefined;
  return {
    ...secrets,
    read(reference, call) {
      kept ??= secrets.read(reference, call);
      return kept;
    },
    refresh: (reference, call) => secrets.read(reference, call),
  };
}

/** A small entry, and one so big that its sealed bytes lie among the blobs. */
const entries = ['CANARY-small', `CANARY-${Array.from({ length: 30_000 }, (_, n) => n * 7919).join('-')}`];

async function fill(count: number): Promise<void> {
  await withStore(async (store) => {
    for (let n = 0; n < count; n++) {
      const row = { ...aRunner({ id: `r${n}` }), entry: Buffer.from(String(entries[n % 2])) };
      await store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], options);
    }
  });
}

async function entriesOf(count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => ({ table: 'runners', partition: `r${n}` }) as const);
  const rows = await withStore((store) => store.get(keys, options));
  return rows.map((row) => Buffer.from(row?.['entry'] as Uint8Array).toString());
}

const ring = async (): Promise<{ active: string; keys: Record<string, string> }> =>
  JSON.parse(String((await secrets.read('store/keyring', options))?.reveal()));
const rotate = (signal = options.signal, over: Partial<RotationDeps> = {}) => {
  const deps = { ...machine, dataDir, secrets, clock, log: silentLogger, pid: process.pid };
  return rotateKeyring({ ...deps, ...over }, { signal });
};
const wanted = (count: number) => Array.from({ length: count }, (_, n) => entries[n % 2]);

describe('rotateKeyring', { timeout: 60_000 }, () => {
  it('seals everything with a new key and forgets the old one', async () => {
    await fill(6);
    const before = await ring();

    expect(await rotate()).toEqual({ kind: 'done', rows: 6, wasResumed: false });

    const after = await ring();
    expect(Object.keys(after.keys)).toEqual([after.active]);
    expect(after.active).not.toBe(before.active);
    expect(await entriesOf(6)).toEqual(wanted(6));
    await secrets.write('store/keyring', new Secret(JSON.stringify(before)), options);
    await expect(entriesOf(1)).rejects.toMatchObject({ code: 'SEAL_UNKNOWN_KEY' });
  });

  it('loses nothing when it is broken off anywhere, and the next call ends it', async () => {
    await fill(5);
    // The N-th call of the secret store fails, before or after it is done; and the pass is cut in between.
    for (let n = 1; n <= 6; n++) {
      for (const isDone of [false, true]) {
        let left = n;
        const cut = async <Result>(action: () => Promise<Result>): Promise<Result> => {
          left--;
          if (left === 0 && !isDone) throw new Error('cut off');
          const result = await action();
          if (left === 0) throw new Error('cut off');
          return result;
        };
        const broken: SecretStore = {
          ...secrets,
          read: (reference, call) => cut(() => secrets.read(reference, call)),
          write: (reference, value, call) => cut(() => secrets.write(reference, value, call)),
        };
        await rotate(options.signal, { secrets: broken }).catch(() => undefined);
        expect(await entriesOf(5)).toEqual(wanted(5));
      }
    }
    await rotate();

    expect(Object.keys((await ring()).keys)).toHaveLength(1);
    expect(await entriesOf(5)).toEqual(wanted(5));
  });

  it('goes on with a rotation whose pass never ran, with the key that was made for it', async () => {
    await fill(3);
    await beginKeyRotation(secrets, clock.now(), options);
    const { active } = await ring();
    expect(await entriesOf(3)).toEqual(wanted(3));

    expect(await rotate()).toEqual({ kind: 'done', rows: 3, wasResumed: true });

    expect(Object.keys((await ring()).keys)).toEqual([active]);
    expect(await entriesOf(3)).toEqual(wanted(3));
  });

  it('works beside a running instance, which goes on; the old key goes when nobody can seal with it', async () => {
    await fill(4);
    const before = await ring();
    const lock = lockDirectory(dataDir, 4711);
    const running = createFakeClock({ start: clock.now() });
    const deps = { clock: running };

    const first = await withStore(async (instance) => {
      const rotation = await rotate(options.signal, deps);
      // Sealed by the instance with the ring it has read before.
      const row = { ...aRunner({ id: 'late' }), entry: Buffer.from('late') };
      await instance.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], options);
      const [found] = await instance.get([{ table: 'runners', partition: 'r1' }], options);
      expect(Buffer.from(found?.['entry'] as Uint8Array).toString()).toBe(entries[1]);
      return rotation;
    }, heldRing());

    expect(first).toMatchObject({ kind: 'waiting', rows: 4, wasResumed: false });
    expect(Object.keys((await ring()).keys)).toContain(before.active);
    await running.advance(graceMs - 1);
    expect(await rotate(options.signal, deps)).toMatchObject({ kind: 'waiting', rows: 1, wasResumed: true });
    await running.advance(1);
    expect(await rotate(options.signal, deps)).toEqual({ kind: 'done', rows: 0, wasResumed: true });
    expect(Object.keys((await ring()).keys)).not.toContain(before.active);
    expect(await entriesOf(4)).toEqual(wanted(4));
    if ('release' in lock) lock.release();
  });

  it('does nothing while another rotation is under way, and takes over from one that died', async () => {
    await fill(1);
    const before = await ring();
    const lease = { name: 'keyring', holder: 'another', fence: 3, acquired_at: 0 };
    const put = (expires_at: number) =>
      withStore((store) =>
        store.commit(
          [{ kind: 'put', table: 'leases', row: { ...lease, expires_at }, when: { kind: 'any' } }],
          options,
        ),
      );
    await put(clock.now() + 60_000);

    expect(await rotate()).toEqual({ kind: 'busy' });
    // Over by our clock, but another host's may be a minute behind.
    await put(clock.now() - 30_000);
    expect(await rotate()).toEqual({ kind: 'busy' });
    expect(await ring()).toEqual(before);
    await put(clock.now() - 60_000);
    expect(await rotate()).toMatchObject({ kind: 'done', rows: 1 });
  });
});

it('Feature: gitops-runner-orchestration, Property 34: Data Encryption at Rest', {
  timeout: 60_000,
}, async () => {
  const text = fc.stringMatching(/^[A-Za-z0-9]{24,60}$/);
  let n = 0;
  await fc.assert(
    fc.asyncProperty(text, async (secret) => {
      const id = `p${n++}`;
      await withStore(async (store) => {
        const row = { ...aRunner({ id }), entry: Buffer.from(secret) };
        await store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], options);
        // WAL and database while the process lives.
        const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((each) =>
          each.isFile(),
        );
        for (const file of files) {
          const content = readFileSync(join(file.parentPath, file.name));
          expect(content.includes(secret)).toBe(false);
          expect(content.includes(Buffer.from(secret).toString('base64'))).toBe(false);
        }
        const [found] = await store.get([{ table: 'runners', partition: id }], options);
        expect(Buffer.from(found?.['entry'] as Uint8Array).toString()).toBe(secret);
      });
    }),
    { numRuns: runs(100) },
  );
});
