import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { createLocalSecrets, lockDirectory } from '@polar-gosling/adapter-local';
import { inspectDatabase } from '@polar-gosling/adapter-sqlite';
import { type Clock, isCoded, startSha256 } from '@polar-gosling/kernel';
import { databaseName, isDataPath, isInUse, secretsName } from './data-files.ts';
import { backupErrors } from './errors.ts';
import { type BackupFile, type BackupManifest, manifestName, readManifest } from './manifest.ts';
import { readTar, type TarEntry } from './tar.ts';
import { failed } from './write-backup.ts';

const keyPath = join('key', 'secrets.key');
const mostManifestBytes = 64 * 1024 * 1024;

export interface RestoreOptions {
  readonly file: string;
  readonly dataDir: string;
  /** Sets aside what is in the data directory; without it, that is refused. */
  readonly isForced: boolean;
  /** Of the process that restores, for whoever tries to start an instance meanwhile. */
  readonly pid: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface RestoreResult {
  readonly files: number;
  readonly schema: number;
  readonly createdAt: string;
  /** Is the key of the secrets in its place? */
  readonly hasKey: boolean;
  readonly keyPath: string;
  /** Where the earlier data directory is now. */
  readonly setAside?: string;
}

/**
 * Makes a data directory of a backup: unpacked and checked beside its place, moved there in one step. Until then
 * nothing of what is there changes, whatever ends this.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreResult> {
  const { dataDir, file } = options;
  const lock = lockDirectory(dataDir, options.pid);
  if ('takenBy' in lock) throw backupErrors.inUse({ dataDir, pid: lock.takenBy });
  const staging = `${dataDir}~restoring`;
  try {
    if ((await isInUse(dataDir)) && !options.isForced) throw backupErrors.notEmpty({ dataDir });
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const manifest = await unpack({ ...options, staging });
    checkDatabase(file, join(staging, databaseName));
    await removeTraces(join(staging, databaseName));
    const hasKey = await takeKey({ ...options, staging });
    const setAside = await moveIntoPlace({ ...options, staging });
    return {
      files: manifest.files.length,
      schema: manifest.schema,
      createdAt: manifest.created_at,
      hasKey,
      keyPath: join(dataDir, keyPath),
      ...(setAside === undefined ? {} : { setAside }),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    throw isCoded(error) ? error : failed(`restoring ${file}`, error);
  } finally {
    lock.release();
    await rm(staging, { recursive: true, force: true });
  }
}

/** Every file of the archive, checked against its manifest, at its place below `staging`. */
async function unpack(at: { file: string; staging: string; signal: AbortSignal }): Promise<BackupManifest> {
  const { file, staging, signal } = at;
  const handle = await open(file, 'r');
  await handle.close();
  const unzipped = pipeline(createReadStream(file, { signal }), createGunzip(), () => undefined);
  const unpacked = new Map<string, { size: number; sha256: string }>();
  let manifest: BackupManifest | undefined;
  try {
    for await (const entry of readTar(unzipped, file)) {
      if (entry.name === manifestName) manifest = await takeManifest(entry);
      else unpacked.set(entry.name, await takeEntry(entry, join(staging, 'entries')));
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isCoded(error) || isFileSystem(error)) throw error;
    throw backupErrors.damaged({ file, reason: 'it does not unpack' }, { cause: error });
  } finally {
    unzipped.destroy();
  }
  if (manifest === undefined) throw backupErrors.damaged({ file, reason: 'its manifest is not there' });
  for (const wanted of manifest.files)
    await place(wanted, { file, staging, found: unpacked.get(wanted.entry) });
  await rm(join(staging, 'entries'), { recursive: true, force: true });
  return manifest;
}

async function takeManifest(entry: TarEntry): Promise<BackupManifest | undefined> {
  const parts: Uint8Array[] = [];
  if (entry.sizeBytes > mostManifestBytes) return undefined;
  for await (const chunk of entry.chunks) parts.push(chunk);
  return readManifest(Buffer.concat(parts));
}

/** Writes one entry under its number; names of the archive are never used as paths. */
async function takeEntry(entry: TarEntry, folder: string): Promise<{ size: number; sha256: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const hash = startSha256();
  const file = await open(join(folder, entryFile(entry.name)), 'wx', 0o600);
  try {
    for await (const chunk of entry.chunks) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { size: entry.sizeBytes, sha256: hash.hex() };
}

function entryFile(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E');
}

async function place(
  wanted: BackupFile,
  at: { file: string; staging: string; found: { size: number; sha256: string } | undefined },
): Promise<void> {
  const damaged = (reason: string) => backupErrors.damaged({ file: at.file, reason });
  if (!isDataPath(wanted.path)) throw damaged(`"${wanted.path}" does not belong into a data directory`);
  const isWhole = at.found?.size === wanted.size && at.found.sha256 === wanted.sha256;
  if (!isWhole) throw damaged(`${wanted.path} is not what was backed up`);
  const target = join(at.staging, wanted.path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rename(join(at.staging, 'entries', entryFile(wanted.entry)), target);
}

function checkDatabase(file: string, path: string): void {
  const report = inspectDatabase(path);
  const [problem] = report.problems;
  if (problem !== undefined) throw backupErrors.damaged({ file, reason: `its database: ${problem}` });
  if (report.migration > report.newestMigration) {
    throw backupErrors.newer({ file, found: report.migration, known: report.newestMigration });
  }
}

/** A look leaves an empty log beside a database that keeps one; a backup has none, and what is restored has none. */
async function removeTraces(database: string): Promise<void> {
  for (const suffix of ['-wal', '-shm']) await rm(`${database}${suffix}`, { force: true });
}

/** The key that is in the data directory goes along, when it is the one that these secrets need. */
async function takeKey(at: RestoreOptions & { staging: string }): Promise<boolean> {
  const key = join(at.dataDir, keyPath);
  const isThere = await stat(key).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const target = join(at.staging, keyPath);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await copyFile(key, target);
  await chmod(target, 0o600);
  const secrets = createLocalSecrets({ dataDir: at.staging, clock: at.clock });
  try {
    const references = await secrets.list('', { signal: at.signal });
    for (const reference of references) await secrets.read(reference, { signal: at.signal });
  } catch (error) {
    if (isCoded(error, 'SECRET_DAMAGED')) throw backupErrors.wrongKey({ path: key }, { cause: error });
    throw error;
  }
  return true;
}

/** Moves the earlier directory aside and the new one to its place; answers where the earlier one is. */
async function moveIntoPlace(at: RestoreOptions & { staging: string }): Promise<string | undefined> {
  const { dataDir, staging, clock } = at;
  at.signal.throwIfAborted();
  await syncAll(staging);
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = `${dataDir}.before-restore-${stamp}`;
  const isWorthKeeping = await isInUse(dataDir);
  await rename(dataDir, aside);
  await rename(staging, dataDir);
  await syncFolder(dirname(dataDir));
  if (isWorthKeeping) return aside;
  await rm(aside, { recursive: true, force: true });
  return undefined;
}

async function syncAll(folder: string): Promise<void> {
  for (const name of [folder, join(folder, databaseName), join(folder, secretsName)]) {
    await syncFolder(name).catch((error: unknown) => {
      if (!isFileSystem(error) || error.code !== 'ENOENT') throw error;
    });
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isFileSystem(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code));
}
