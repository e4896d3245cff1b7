import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { S3BlobsOptions } from '@polar-gosling/adapter-s3';
import { type Clock, isCoded, skewOf } from '@polar-gosling/kernel';
import { checkSkew, type SelfCheck } from '@polar-gosling/ports/secrets';
import { checkMode } from './check-mode.ts';

const leastFreeBytes = 256 * 1024 * 1024;

/** The database file: sound, of this release, in WAL mode, ours alone, with room beside it. Changes nothing. */
export async function checkSqlite(path: string): Promise<readonly SelfCheck[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [{ name: 'file', ok: true, detail: 'not there yet; gosling up makes it' }];
  const { inspectDatabase } = await import('@polar-gosling/adapter-sqlite');
  return [...inspected(path, inspectDatabase), checkMode(path, found.mode), await checkRoom(dirname(path))];
}

/** The queue of an SQLite store: its outbox can be read, and nothing lies there that waits for a person. */
export async function checkOutbox(path: string, clock: Pick<Clock, 'now'>): Promise<readonly SelfCheck[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    return [{ name: 'reach', ok: true, detail: 'no database yet; gosling up makes it' }];
  const { inspectOutbox } = await import('@polar-gosling/adapter-sqlite');
  try {
    const { due, later, buried, oldestDueMs } = inspectOutbox(path, clock.now());
    const oldest = due === 0 ? '' : `, the oldest for ${Math.round(oldestDueMs / 1_000)} s`;
    const reach = { name: 'reach', ok: true, detail: `${due} due${oldest}; ${later} held or later` };
    const dead = { name: 'dead letters', ok: buried === 0, detail: `${buried} put aside` };
    return [reach, dead.ok ? dead : { ...dead, fix: 'gosling tasks list names them with the reason' }];
  } catch (error) {
    if (!isCoded(error)) throw error;
    const fix = 'see what doctor says of the store';
    return [{ name: 'reach', ok: false, detail: error.message, fix }];
  }
}

type Inspect = typeof import('@polar-gosling/adapter-sqlite').inspectDatabase;

function inspected(path: string, inspect: Inspect): SelfCheck[] {
  const restore = 'gosling restore puts a backup in its place';
  try {
    const { problems, journalMode, migration, newestMigration } = inspect(path);
    const [problem] = problems;
    const sound =
      problem === undefined
        ? { name: 'integrity', ok: true, detail: `${path} is sound` }
        : {
            name: 'integrity',
            ok: false,
            detail: `${problems.length} problems, the first: ${problem}`,
            fix: restore,
          };
    const isWal = journalMode === 'wal';
    const wal = { name: 'journal', ok: isWal, detail: `journal mode ${journalMode}` };
    const isKnown = migration <= newestMigration;
    const schema = {
      name: 'schema',
      ok: isKnown,
      detail: `schema ${migration}, this release writes ${newestMigration}`,
    };
    return [
      sound,
      isWal ? wal : { ...wal, fix: 'put the data directory on a local disk: WAL needs shared memory' },
      isKnown
        ? schema
        : { ...schema, fix: 'run the newer release, or restore a backup of before the upgrade' },
    ];
  } catch (error) {
    if (!isCoded(error)) throw error;
    return [{ name: 'integrity', ok: false, detail: error.message, fix: restore }];
  }
}

type Room = { readonly bavail: number; readonly bsize: number };

/** Room on the disk of a directory; `look` is the system's own. */
export async function checkRoom(
  dir: string,
  look: (dir: string) => Promise<Room> = statfs,
): Promise<SelfCheck> {
  const { bavail, bsize } = await look(dir);
  const free = bavail * bsize;
  const detail = `${Math.floor(free / 1024 / 1024)} MB free`;
  if (free >= leastFreeBytes) return { name: 'room', ok: true, detail };
  return { name: 'room', ok: false, detail, fix: 'make room: with a full disk nothing is accepted' };
}

/** A folder of blobs: can be written, read, synced; with room. Leaves nothing behind. */
export async function checkDirectory(dir: string): Promise<readonly SelfCheck[]> {
  const probe = join(dir, 'probe~doctor');
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const file = await open(probe, 'w', 0o600);
    try {
      await file.writeFile('probe');
      await file.sync();
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
    return [{ name: 'reach', ok: true, detail: `${dir} can be written` }, await checkRoom(dir)];
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be written';
    return [
      { name: 'reach', ok: false, detail: `${dir}: ${reason}`, fix: 'see its rights, or GOSLING_BLOBS' },
    ];
  }
}

/** A bucket: reach, the rights we need, and whether it refuses to overwrite. Leaves only the verdict behind. */
export async function checkS3(options: S3BlobsOptions, signal: AbortSignal): Promise<readonly SelfCheck[]> {
  const { createS3Blobs } = await import('@polar-gosling/adapter-s3');
  let skewMs: number | undefined;
  const blobs = createS3Blobs({
    ...options,
    seeResponse: (response) => {
      skewMs = skewOf(response, options.clock.now()) ?? skewMs;
    },
  });
  const call = { signal };
  const key = `doctor/probe-${options.ids.next()}`;
  const checks: SelfCheck[] = [];
  const fix =
    'see GOSLING_BLOBS, GOSLING_BLOBS_ENDPOINT, GOSLING_BLOBS_REGION, the credentials and their rights';
  const look = async (name: string, action: () => Promise<string>) => {
    try {
      checks.push({ name, ok: true, detail: await action() });
    } catch (error) {
      if (!isCoded(error)) throw error;
      checks.push({ name, ok: false, detail: error.message, fix });
    }
  };
  try {
    await look('reach', async () => {
      await blobs.list('doctor/', 1, call);
      return `bucket ${options.bucket} answers`;
    });
    checks.push(...checkSkew(skewMs, 'the service of the bucket'));
    if (checks[0]?.ok === false) return checks;
    await look('rights', async () => {
      await blobs.write(key, new TextEncoder().encode('probe'), call);
      await blobs.read(key, call);
      await blobs.remove(key, call);
      return 'may list, write, read and remove';
    });
    if (checks.at(-1)?.ok === false) return checks;
    const verdict = await blobs.checkConditionalWrites(call);
    const isHeld = verdict === 'held';
    const detail = isHeld
      ? 'refuses to overwrite when it is told to'
      : 'overwrites although it is told not to';
    checks.push({
      name: 'conditional writes',
      ok: isHeld,
      detail,
      ...(isHeld
        ? {}
        : { fix: 'use a service that holds If-None-Match: values cannot be written once there' }),
    });
    return checks;
  } finally {
    await blobs.close();
  }
}
