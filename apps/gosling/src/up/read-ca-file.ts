import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { caFileMostBytes } from '@polar-gosling/engine';

/**
 * The text of a CA file, whatever is in it; `undefined` when it cannot be read or is no plain file. Of a bigger one than
 * is accepted no more is read than shows that.
 */
export function readCaFile(file: string): string | undefined {
  try {
    // Without O_NONBLOCK a named pipe would hold us up for ever.
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(opened).isFile()) return undefined;
      const bytes = Buffer.alloc(caFileMostBytes + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(opened, bytes, length, bytes.length - length, null);
      }
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(opened);
    }
  } catch {
    return undefined;
  }
}
