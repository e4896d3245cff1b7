import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createDirectoryBlobs, createKeyring, createLocalSecrets } from '@polar-gosling/adapter-local';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { createStateEncryption } from '@polar-gosling/adapter-tofu';
import { createSystemClock, Secret, silentLogger } from '@polar-gosling/kernel';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory, restoreBackup, writeBackup } from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-backup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const { signal } = new AbortController();
const clock = createSystemClock();
const canary = 'glpat-CANARY-0123456789abcdef';

let place = '';
let dataDir = '';
let file = '';
beforeEach(() => {
  place = mkdtempSync(join(root, 'p-'));
  dataDir = join(place, 'data');
  file = join(place, 'backup.tar.gz');
});

/** An instance's files: a sealed row, a secret, blobs, a state of OpenTofu, and what a backup leaves out. */
async function anInstance() {
  const secrets = createLocalSecrets({ dataDir, clock });
  const sealer = await createKeyring(secrets, { signal });
  const blobs = createDirectoryBlobs({ dir: join(dataDir, 'blobs') });
  const path = join(dataDir, 'gosling.db');
  const store = await createSqliteStore({ path, clock, sealer, logger: silentLogger, mode: 'inline', blobs });
  const row = { id: 'r1', egg_name: 'my-egg', created_at: 1, entry: Buffer.from(canary) };
  await store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'any' } }], { signal });
  await secrets.write('gitlab/gitlab.com/my-egg/api-token', new Secret(canary), { signal });
  await blobs.write('runs/r1/log.jsonl', Buffer.from('a log\n'), { signal });
  await blobs.write('runs/r1/empty', new Uint8Array(), { signal });
  for (const name of ['tofu-states/my-egg', 'git/nest', 'runs/r1'])
    mkdirSync(join(dataDir, name), { recursive: true });
  writeFileSync(join(dataDir, 'tofu-states/my-egg/terraform.tfstate'), '{"serial":7}');
  writeFileSync(join(dataDir, 'tofu-states/my-egg/.terraform.tfstate.lock.info'), '{}');
  writeFileSync(join(dataDir, 'blobs/runs/r1/half~0a1b2c'), 'half');
  writeFileSync(join(dataDir, 'git/nest/HEAD'), 'ref: refs/heads/main');
  return { store, secrets };
}

/** What a restored instance answers, with the key that was kept apart. */
async function readInstance(dir: string) {
  const secrets = createLocalSecrets({ dataDir: dir, clock });
  const sealer = await createKeyring(secrets, { signal });
  const blobs = createDirectoryBlobs({ dir: join(dir, 'blobs') });
  const path = join(dir, 'gosling.db');
  const store = await createSqliteStore({ path, clock, sealer, logger: silentLogger, mode: 'inline', blobs });
  const [row] = await store.get([{ table: 'runners', partition: 'r1' }], { signal });
  await store.close();
  const secret = await secrets.read('gitlab/gitlab.com/my-egg/api-token', { signal });
  return {
    entry: Buffer.from((row?.['entry'] as Uint8Array | undefined) ?? []).toString(),
    secret: secret?.reveal(),
    log: readFileSync(join(dir, 'blobs/runs/r1/log.jsonl'), 'utf8'),
    state: readFileSync(join(dir, 'tofu-states/my-egg/terraform.tfstate'), 'utf8'),
  };
}

const write = () => writeBackup({ dataDir, file, clock, signal });
const restore = (to: string, isForced = false) =>
  restoreBackup({ file, dataDir: to, isForced, pid: process.pid, clock, signal });

function putKey(to: string, key: Buffer | string = readFileSync(join(dataDir, 'key/secrets.key'))): void {
  mkdirSync(join(to, 'key'), { recursive: true });
  writeFileSync(join(to, 'key/secrets.key'), key);
}

describe('a backup', () => {
  it('holds everything but the key, and gives it all back', async () => {
    const { store } = await anInstance();
    await write();
    await store.close();
    const to = join(place, 'restored');
    putKey(to);

    const result = await restore(to);

    expect(result).toMatchObject({ files: 5, hasKey: true, schema: 1 });
    expect(await readInstance(to)).toEqual({
      entry: canary,
      secret: canary,
      log: 'a log\n',
      state: '{"serial":7}',
    });
    expect(statSync(to).mode & 0o777).toBe(0o700);
    expect(statSync(join(to, 'gosling.db')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(to, 'git'))).toBe(false);
    expect(readdirSync(place).toSorted()).toEqual(['backup.tar.gz', 'data', 'restored']);
  });

  it('holds the states of the moment of the secrets, which open them wherever it is restored', async () => {
    const { store, secrets } = await anInstance();
    const encryption = await createStateEncryption(secrets)({ signal });
    // The time is asked for once everything that belongs together is copied.
    const now = () => {
      writeFileSync(join(dataDir, 'tofu-states/my-egg/terraform.tfstate'), '{"serial":8}');
      return clock.now();
    };
    await writeBackup({ dataDir, file, clock: { ...clock, now }, signal });
    await store.close();
    const to = join(place, 'restored');
    putKey(to);
    await restore(to);

    const restored = createStateEncryption(createLocalSecrets({ dataDir: to, clock }));

    expect((await readInstance(to)).state).toBe('{"serial":7}');
    expect((await restored({ signal })).reveal()).toBe(encryption.reveal());
  });

  it('holds the columns that are too big for their row', async () => {
    const { store } = await anInstance();
    // Incompressible: it is packed before it is sealed.
    const entry = randomBytes(90_000);
    const set = { entry: new Uint8Array(entry) };
    const key = { table: 'runners', partition: 'r1' } as const;
    await store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], { signal });
    await write();
    await store.close();
    const to = join(place, 'restored');
    putKey(to);

    await restore(to);

    expect(readdirSync(join(to, 'blobs/columns'))).toHaveLength(1);
    expect((await readInstance(to)).entry).toBe(entry.toString());
  });

  it('is for this user only, opens with tar, and holds no key and no value in clear', async () => {
    const { store } = await anInstance();
    await write();
    await store.close();

    const names = execFileSync('tar', ['tzf', file], { encoding: 'utf8' }).trim().split('\n');
    const bytes = gunzipSync(readFileSync(file));

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(names).toEqual([...Array.from({ length: 5 }, (_, n) => `files/00000${n}`), 'manifest.json']);
    const key = readFileSync(join(dataDir, 'key/secrets.key'), 'utf8').trim();
    for (const hidden of [canary, Buffer.from(canary).toString('base64'), key]) {
      expect(bytes.includes(hidden)).toBe(false);
    }
  });

  it('is whole while others write, and replaces the one before', async () => {
    const { store } = await anInstance();
    writeFileSync(file, 'an older backup');
    writeFileSync(`${file}~0123456789ab`, 'left by a backup that was killed');
    let isDone = false;
    const writing = (async () => {
      for (let number = 0; !isDone; number++) {
        const put = (name: string) =>
          ({ kind: 'put', table: 'switches', row: { name, on: true }, when: { kind: 'any' } }) as const;
        await store.commit([put(`${number}-left`), put(`${number}-right`)], { signal });
      }
      return true;
    })();
    await write();
    isDone = true;
    await writing;
    await store.close();
    const to = join(place, 'restored');
    putKey(to);
    await restore(to);

    expect((await readInstance(to)).secret).toBe(canary);
    expect(readdirSync(place).toSorted()).toEqual(['backup.tar.gz', 'data', 'restored']);
  });

  it('is not made of nothing, and leaves no file where it fails', async () => {
    await expect(write()).rejects.toMatchObject({ code: 'BACKUP_NOTHING' });
    const { store } = await anInstance();
    await store.close();
    const missing = join(place, 'no', 'such', 'folder', 'file');

    await expect(writeBackup({ dataDir, file: missing, clock, signal })).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
    });
    const ending = writeBackup({ dataDir, file, clock, signal: AbortSignal.abort(new Error('stopped')) });
    await expect(ending).rejects.toThrow('stopped');
    expect(readdirSync(place)).toEqual(['data']);
  });
});

describe('a restore', () => {
  it('is refused over a live instance and over a directory that is not empty', async () => {
    const { store } = await anInstance();
    await write();
    await store.close();
    const before = readFileSync(join(dataDir, 'gosling.db'));

    await expect(restore(dataDir)).rejects.toMatchObject({ code: 'BACKUP_NOT_EMPTY' });
    const lock = lockDirectory(dataDir, process.pid);
    await expect(restore(dataDir, true)).rejects.toMatchObject({ code: 'BACKUP_IN_USE' });
    if ('release' in lock) lock.release();

    expect(readFileSync(join(dataDir, 'gosling.db')).equals(before)).toBe(true);
  });

  it('keeps what was there aside when it is forced, and takes its key along', async () => {
    const { store, secrets } = await anInstance();
    await write();
    await store.close();
    await secrets.write('gitlab/gitlab.com/my-egg/api-token', new Secret('glpat-of-later-0123'), { signal });

    const { setAside, hasKey } = await restore(dataDir, true);

    expect(hasKey).toBe(true);
    expect((await readInstance(dataDir)).secret).toBe(canary);
    expect((await readInstance(String(setAside))).secret).toBe('glpat-of-later-0123');
  });

  it('says where the key belongs when it is not there, and refuses another one', async () => {
    const { store } = await anInstance();
    await write();
    await store.close();
    const keyless = join(place, 'keyless');
    expect(await restore(keyless)).toMatchObject({
      hasKey: false,
      keyPath: join(keyless, 'key', 'secrets.key'),
    });

    const other = join(place, 'other');
    putKey(other, `${Buffer.alloc(32, 7).toString('base64')}\n`);
    await expect(restore(other)).rejects.toMatchObject({ code: 'BACKUP_WRONG_KEY' });
    expect(existsSync(join(other, 'gosling.db'))).toBe(false);
    putKey(keyless);
    expect((await readInstance(keyless)).secret).toBe(canary);
  });

  it('takes nothing of a backup that was cut off or changed, wherever', { timeout: 120_000 }, async () => {
    const { store } = await anInstance();
    await write();
    await store.close();
    const whole = readFileSync(file);
    const plain = gunzipSync(whole);
    const to = join(place, 'restored');
    const cuts = Array.from({ length: 12 }, (_, n) => whole.subarray(0, Math.floor((whole.length * n) / 12)));
    const flips = Array.from({ length: 12 }, (_, n) => {
      const changed = Buffer.from(plain);
      const at = Math.floor((plain.length * (n + 0.5)) / 13);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      return gzipSync(changed);
    });

    for (const bytes of [...cuts, Buffer.from('no gzip'), gzipSync('no tar'.repeat(200))]) {
      writeFileSync(file, bytes);
      await expect(restore(to)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    }
    for (const bytes of flips) {
      writeFileSync(file, bytes);
      // A changed byte of the padding between two files changes nothing that is restored.
      const answer = await restore(join(place, 'flipped')).catch((error: unknown) => error);
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'BACKUP_DAMAGED' });
      else expect((await readInstanceFiles(join(place, 'flipped'))).log).toBe('a log\n');
      rmSync(join(place, 'flipped'), { recursive: true, force: true });
    }
    expect(readdirSync(to).filter((name) => !name.startsWith('instance.'))).toEqual([]);
  });

  it('is refused when a newer release has written the backup', async () => {
    const { store } = await anInstance();
    await store.close();
    const db = new DatabaseSync(join(dataDir, 'gosling.db'));
    db.exec(`UPDATE schema SET doc = json_set(doc, '$.c.migration', 99)`);
    db.close();
    await write();

    await expect(restore(join(place, 'to'))).rejects.toMatchObject({
      code: 'BACKUP_NEWER',
      message: expect.stringContaining('schema 99'),
    });
    expect(existsSync(join(place, 'to', 'gosling.db'))).toBe(false);
  });

  it('writes nothing outside the data directory, whatever a backup names', async () => {
    const { store } = await anInstance();
    await write();
    await store.close();
    const { readManifest, writeManifest } = await import('./manifest.ts');
    const { readTar, writeTar } = await import('./tar.ts');
    const entries: { name: string; bytes: Buffer }[] = [];
    for await (const entry of readTar(chunksOf(gunzipSync(readFileSync(file))), file)) {
      const parts: Uint8Array[] = [];
      for await (const chunk of entry.chunks) parts.push(chunk);
      entries.push({ name: entry.name, bytes: Buffer.concat(parts) });
    }
    const manifest = readManifest(entries.at(-1)?.bytes ?? Buffer.alloc(0));
    for (const path of [
      '../evil',
      '/tmp/evil',
      'blobs/../../evil',
      'key/secrets.key',
      'git/hooks/x',
      'blobs',
    ]) {
      const files = (manifest?.files ?? []).map((each, place) => (place === 2 ? { ...each, path } : each));
      const changed = Buffer.from(writeManifest({ v: 1, created_at: '', schema: 1, files }));
      const archive: Uint8Array[] = [];
      const rewritten = entries.map((entry) =>
        entry.name === 'manifest.json' ? { ...entry, bytes: changed } : entry,
      );
      for await (const chunk of writeTar(entriesFrom(rewritten))) archive.push(chunk);
      writeFileSync(file, gzipSync(Buffer.concat(archive)));

      await expect(restore(join(place, 'to'))).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringContaining('does not belong'),
      });
    }
    expect(readdirSync(place).toSorted()).toEqual(['backup.tar.gz', 'data', 'to']);
  });
});

async function readInstanceFiles(dir: string) {
  return { log: readFileSync(join(dir, 'blobs/runs/r1/log.jsonl'), 'utf8') };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
}

async function* entriesFrom(entries: readonly { name: string; bytes: Buffer }[]) {
  for (const { name, bytes } of entries) yield { name, sizeBytes: bytes.length, chunks: chunksOf(bytes) };
}
