import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@polar-gosling/kernel';
import { createLineSplitter } from './json-lines.ts';

const chunkBytes = 64 * 1024;
const everyMs = 40;

/** What a process prints. Files, not pipes: a pipe whose reader was killed would kill OpenTofu in the middle of an apply. */
export interface Output {
  readonly stdout: FileHandle;
  readonly stderr: FileHandle;
}

/** They have no name: what OpenTofu prints may hold a secret, and must not stay when its reader is killed. */
export async function withOutput<Result>(
  folder: string,
  use: (output: Output) => Promise<Result>,
): Promise<Result> {
  await using stdout = await openNameless(join(folder, 'stdout'));
  await using stderr = await openNameless(join(folder, 'stderr'));
  return await use({ stdout, stderr });
}

async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(path, 'ax+', 0o600);
  await unlink(path);
  return file;
}

/** Reads the lines of a growing file from its start until `done`, then its rest. */
export async function followLines(
  file: FileHandle,
  options: { done: Promise<unknown>; clock: Clock; lineBytes: number },
  onLine: (line: string) => void,
): Promise<void> {
  const splitter = createLineSplitter(options.lineBytes, onLine);
  const finished = new AbortController();
  const finish = () => finished.abort();
  options.done.then(finish, finish);
  const buffer = new Uint8Array(chunkBytes);
  // The writer shares the file's offset: it must not be moved by reading.
  let position = 0;
  for (;;) {
    const isLast = finished.signal.aborted;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      splitter.push(buffer.subarray(0, bytesRead));
    }
    if (isLast) break;
    await options.clock.sleep(everyMs, finished.signal).catch(() => undefined);
  }
  splitter.end();
}

/** The whole of a file whose offset belongs to its writer; `undefined` where that is more than `mostBytes`. */
export async function readWhole(file: FileHandle, mostBytes: number): Promise<string | undefined> {
  const { size } = await file.stat();
  return size > mostBytes ? undefined : readFrom(file, 0, size);
}

/** The last lines of such a file, within `mostBytes`. */
export async function readTail(file: FileHandle, mostBytes: number): Promise<string> {
  const { size } = await file.stat();
  if (size <= mostBytes) return readFrom(file, 0, size);
  const text = await readFrom(file, size - mostBytes, mostBytes);
  // What is cut off in front may be half of a secret, which nobody would know.
  return text.slice(text.indexOf('\n') + 1);
}

async function readFrom(file: FileHandle, start: number, size: number): Promise<string> {
  const bytes = new Uint8Array(size);
  let read = 0;
  while (read < size) {
    const { bytesRead } = await file.read(bytes, read, size - read, start + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return new TextDecoder().decode(bytes.subarray(0, read));
}
