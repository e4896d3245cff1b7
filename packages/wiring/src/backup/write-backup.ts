import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { replaceFile } from '@polar-gosling/adapter-local';
import { backupDatabase, inspectDatabase } from '@polar-gosling/adapter-sqlite';
import { type Clock, codeOf, isCoded, startSha256 } from '@polar-gosling/kernel';
import { databaseName, dataFiles, secretsName } from './data-files.ts';
import { backupErrors } from './errors.ts';
import { type BackupFile, type BackupManifest, manifestName, writeManifest } from './manifest.ts';
import { type TarEntry, writeTar } from './tar.ts';

/** The secrets changed so often while the database was copied: something is wrong, and it is not waited for. */
const mostTries = 5;

export interface BackupResult {
  readonly files: number;
  readonly sizeBytes: number;
  readonly schema: number;
}

/**
 * Writes one file with everything an embedded instance has, while it runs: the database as of one moment, the
 * encrypted secrets that belong to it, blobs, the states of OpenTofu; never the key of the secrets. The file appears
 * whole or not at all.
 */
export async function writeBackup(options: {
  dataDir: string;
  file: string;
  clock: Clock;
  signal: AbortSignal;
}): Promise<BackupResult> {
  const { dataDir, file, clock, signal } = options;
  if (!(await isThere(join(dataDir, databaseName)))) throw backupErrors.nothing({ dataDir });
  await removeLeftovers(file);
  const staging = await mkdtemp(`${file}${leftoverMark}`).catch((cause: unknown) => {
    throw failed(`writing ${file}`, cause);
  });
  try {
    const copy = await copyTogether({ dataDir, staging, signal });
    const schema = inspectDatabase(copy.database).migration;
    const createdAt = new Date(clock.now()).toISOString();
    const seen: BackupFile[] = [];
    const manifest = (): BackupManifest => ({ v: 1, created_at: createdAt, schema, files: seen });
    const entries = entriesOf({ dataDir, staging, copy, seen, manifest, signal });
    const archive = Readable.from(writeTar(entries)).pipe(createGzip());
    await replaceFile(file, archive);
    return { files: seen.length, sizeBytes: (await stat(file)).size, schema };
  } catch (error) {
    signal.throwIfAborted();
    throw isCoded(error) ? error : failed(`writing ${file}`, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

interface Copied {
  readonly database: string;
  readonly secrets: Uint8Array | undefined;
}

/**
 * The database and the states of OpenTofu, and the secrets that were there before and after they were copied: they hold
 * the keys of both.
 */
async function copyTogether(at: { dataDir: string; staging: string; signal: AbortSignal }): Promise<Copied> {
  const database = join(at.staging, databaseName);
  const readSecrets = () => readFile(join(at.dataDir, secretsName)).catch(orUndefined);
  for (let tries = 0; tries < mostTries; tries++) {
    at.signal.throwIfAborted();
    const before = await readSecrets();
    await backupDatabase(join(at.dataDir, databaseName), database);
    await copyStates(at);
    const secrets = await readSecrets();
    const isSame = before === undefined ? secrets === undefined : secrets?.equals(before) === true;
    if (isSame) return { database, secrets };
  }
  throw backupErrors.changing({ what: secretsName });
}

/** What they are now, in place of what an earlier try has copied. */
async function copyStates({ dataDir, staging }: { dataDir: string; staging: string }): Promise<void> {
  await rm(join(staging, 'tofu-states'), { recursive: true, force: true });
  for await (const path of dataFiles(dataDir, 'tofu-states')) {
    await mkdir(dirname(join(staging, path)), { recursive: true });
    await copyFile(join(dataDir, path), join(staging, path)).catch(orUndefined);
  }
}

async function* entriesOf(at: {
  dataDir: string;
  staging: string;
  copy: Copied;
  seen: BackupFile[];
  manifest(): BackupManifest;
  signal: AbortSignal;
}): AsyncGenerator<TarEntry> {
  const { dataDir, staging, copy, seen, signal } = at;
  yield* fileEntry({ from: copy.database, path: databaseName, seen, signal });
  if (copy.secrets !== undefined) yield bytesEntry({ bytes: copy.secrets, path: secretsName, seen });
  for await (const path of dataFiles(staging, 'tofu-states')) {
    yield* fileEntry({ from: join(staging, path), path, seen, signal });
  }
  for await (const path of dataFiles(dataDir, 'blobs')) {
    yield* fileEntry({ from: join(dataDir, path), path, seen, signal });
  }
  const bytes = writeManifest(at.manifest());
  yield { name: manifestName, sizeBytes: bytes.length, chunks: Readable.from([bytes]) };
}

/** One file as of its opening: whoever replaces it meanwhile makes another one. A file that is gone is left out. */
async function* fileEntry(at: {
  from: string;
  path: string;
  seen: BackupFile[];
  signal: AbortSignal;
}): AsyncGenerator<TarEntry> {
  const handle = await open(at.from, 'r').catch(orUndefined);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    const chunks =
      size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1, autoClose: false });
    yield recorded(at, { size, chunks });
  } finally {
    await handle.close();
  }
}

function bytesEntry(at: { bytes: Uint8Array; path: string; seen: BackupFile[] }): TarEntry {
  return recorded(at, { size: at.bytes.length, chunks: Readable.from([at.bytes]) });
}

/** Notes size and hash in `seen` when the last byte has passed. */
function recorded(
  at: { path: string; seen: BackupFile[]; signal?: AbortSignal },
  content: { size: number; chunks: AsyncIterable<Uint8Array> },
): TarEntry {
  const name = `files/${String(at.seen.length).padStart(6, '0')}`;
  const pass = async function* (): AsyncGenerator<Uint8Array> {
    const hash = startSha256();
    for await (const chunk of content.chunks) {
      at.signal?.throwIfAborted();
      hash.update(chunk);
      yield chunk;
    }
    at.seen.push({ entry: name, path: at.path, size: content.size, sha256: hash.hex() });
  };
  return { name, sizeBytes: content.size, chunks: pass() };
}

const leftoverMark = '~';

/** What an earlier backup to the same place left when it was killed. */
async function removeLeftovers(file: string): Promise<void> {
  const folder = dirname(file);
  const form = `${basename(file)}${leftoverMark}`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith(form)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(orUndefined))?.isFile() === true;
}

function orUndefined(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

export function failed(what: string, error: unknown) {
  const reason = error instanceof Error ? error.message : String(error);
  return backupErrors.failed({ what, reason }, { cause: error });
}
