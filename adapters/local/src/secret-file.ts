import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { codeOf, parseJson } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { keyBytes } from './aes-gcm.ts';
import { createFile, replaceFile } from './write-file.ts';

/** Encrypted values by reference. */
export type SecretEntries = ReadonlyMap<string, string>;

/** The file as it lies on disk, with its key. */
export interface SecretFile {
  readonly entries: SecretEntries;
  readonly key: Uint8Array | undefined;
}

export interface SecretPaths {
  readonly file: string;
  readonly key: string;
}

/** Reads the file again only when it is another one than before. */
export function createSecretFileReader(paths: SecretPaths): () => Promise<SecretFile> {
  let seen: { mark: string; content: SecretFile } | undefined;
  return async () => {
    const mark = await markOf(paths.file);
    if (mark !== undefined && seen?.mark === mark) return seen.content;
    const entries = await readEntries(paths.file);
    const content = { entries, key: await readKey(paths, entries.size > 0) };
    seen = mark === undefined ? undefined : { mark, content };
    return content;
  };
}

export async function writeEntries(path: string, entries: SecretEntries): Promise<void> {
  const sorted = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
  await replaceFile(path, `${JSON.stringify({ v: 1, entries: Object.fromEntries(sorted) }, undefined, 1)}\n`);
}

/** The key, made where there is none yet. Call it under the lock. */
export async function readOrMakeKey(paths: SecretPaths): Promise<Uint8Array> {
  const present = await readKey(paths, false);
  if (present !== undefined) return present;
  const key = randomBytes(keyBytes);
  await createFile(paths.key, `${key.toString('base64')}\n`);
  return key;
}

async function readEntries(path: string): Promise<SecretEntries> {
  const text = await readText(path);
  if (text === undefined) return new Map();
  const parsed = parseJson(text);
  const isFile = isRecord(parsed) && parsed['v'] === 1 && isRecord(parsed['entries']);
  if (!isFile) throw secretErrors.damaged({ path, reason: 'it has no entries' });
  const entries = Object.entries(parsed['entries'] ?? {});
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts.length < entries.length) throw secretErrors.damaged({ path, reason: 'an entry is no text' });
  return new Map(texts);
}

async function readKey(paths: SecretPaths, isNeeded: boolean): Promise<Uint8Array | undefined> {
  const text = await readText(paths.key);
  if (text === undefined) return isNeeded ? failKey(paths.key, 'its key file is missing') : undefined;
  const key = Buffer.from(text.trim(), 'base64');
  return key.length === keyBytes ? key : failKey(paths.key, 'its key file does not hold a key');
}

function failKey(path: string, reason: string): never {
  throw secretErrors.damaged({ path, reason });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const reason = codeOf(error) ?? 'it cannot be read';
    throw secretErrors.unreadable({ role: `the file ${path}`, reason }, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function markOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const reason = codeOf(error) ?? 'it cannot be read';
    throw secretErrors.unreadable({ role: `the file ${path}`, reason }, { cause: error });
  }
}
