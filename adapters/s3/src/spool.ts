import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { sha256Hex, startSha256 } from '@polar-gosling/kernel';
import { blobErrors, joinChunks } from '@polar-gosling/ports/blobs';

/** Up to here a value waits in memory. */
const memoryBytes = 1024 * 1024;

/** A value whose size and hash are known and that can be sent again. */
export interface Spooled {
  readonly sizeBytes: number;
  readonly sha256: string;
  body(): Uint8Array | Readable;
}

/**
 * Collects a source before it is sent: S3 wants size and hash first, and a failed send needs the bytes again. What
 * is big waits in a file without a name, which ends with this call however it ends.
 */
export async function withSpooled<Result>(
  source: AsyncIterable<Uint8Array>,
  at: { dir: string; signal: AbortSignal },
  use: (spooled: Spooled) => Promise<Result>,
): Promise<Result> {
  at.signal.throwIfAborted();
  const hash = startSha256();
  const held: Uint8Array[] = [];
  let sizeBytes = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of source) {
      at.signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.length;
      held.push(new Uint8Array(chunk));
      if (file === undefined && sizeBytes <= memoryBytes) continue;
      file = await spill(file, at.dir, held.splice(0));
    }
    const value = joinChunks(held);
    const opened = file;
    const body = () =>
      opened === undefined ? value : opened.createReadStream({ start: 0, autoClose: false });
    return await use({ sizeBytes, sha256: hash.hex(), body });
  } finally {
    await file?.close();
  }
}

async function spill(
  file: FileHandle | undefined,
  dir: string,
  parts: readonly Uint8Array[],
): Promise<FileHandle> {
  try {
    const opened = file ?? (await openNameless(dir));
    for (const part of parts) await opened.writeFile(part);
    return opened;
  } catch (cause) {
    throw blobErrors.unavailable({ op: 'write (no room to collect the value here)' }, { cause });
  }
}

/** A file that only its handle reaches: nothing is left, even when the process is killed. */
async function openNameless(dir: string): Promise<FileHandle> {
  const folder = await mkdtemp(join(dir, 'gosling-blob-'));
  try {
    return await open(join(folder, 'value'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function spooledBytes(value: Uint8Array): Spooled {
  return { sizeBytes: value.length, sha256: sha256Hex(value), body: () => value };
}

export function spooledText(text: string): Spooled {
  return spooledBytes(new TextEncoder().encode(text));
}
