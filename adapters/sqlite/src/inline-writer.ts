import { openForWriting } from './open-database.ts';
import { createWriter } from './writer.ts';
import type { WriterPort } from './writer-port.ts';

/** Writes in this thread: for the command line and tests; a sync to disk holds everything else up. */
export function openInlineWriter(path: string, nowMs: number): WriterPort {
  const writer = createWriter(openForWriting(path, nowMs));
  return {
    async commitGroup(units, atMs) {
      const outcomes = writer.commitGroup(units, atMs);
      writer.purgeExpired(atMs);
      return outcomes;
    },
    async close() {
      writer.close();
    },
  };
}
