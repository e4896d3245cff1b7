import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { codeOf } from '@polar-gosling/kernel';

const chunkBytes = 256 * 1024;

/** `undefined` when there is no such file. Of however many bytes it holds one chunk in memory: a fork copies what there is. */
export async function sha256OfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await using file = await open(path);
    const buffer = new Uint8Array(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
