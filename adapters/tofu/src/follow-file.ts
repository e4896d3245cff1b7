import { open } from 'node:fs/promises';
import type { Clock } from '@polar-gosling/kernel';
import { createLineSplitter } from './json-lines.ts';

const chunkBytes = 64 * 1024;
const everyMs = 40;

/** Reads the lines of a growing file until `done`, then its rest. */
export async function followLines(
  path: string,
  options: { done: Promise<unknown>; clock: Clock; lineBytes: number },
  onLine: (line: string) => void,
): Promise<void> {
  const splitter = createLineSplitter(options.lineBytes, onLine);
  const finished = new AbortController();
  const finish = () => finished.abort();
  options.done.then(finish, finish);
  const file = await open(path, 'r');
  try {
    const buffer = new Uint8Array(chunkBytes);
    for (;;) {
      const isLast = finished.signal.aborted;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, chunkBytes);
        if (bytesRead === 0) break;
        splitter.push(buffer.subarray(0, bytesRead));
      }
      if (isLast) break;
      await options.clock.sleep(everyMs, finished.signal).catch(() => undefined);
    }
  } finally {
    await file.close();
  }
  splitter.end();
}
