import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import type { BlobStore } from '../../blobs.ts';
import { bytesOf, type Check, chunksOf, options } from '../words/contract.ts';

const chunkBytes = 64 * 1024;
const bigChunks = 1_024;
const bigBytes = chunkBytes * bigChunks;
const memoryBoundBytes = 24 * 1024 * 1024;
/** The memory is looked at once for so many chunks. */
const lookEvery = 128;

/** Values in chunks: whole, in order, and never all of them in memory. */
export function describeStreams(check: Check): void {
  check('answers undefined for a missing key that is opened', async (blobs) => {
    expect(await blobs.openRead('runs/r1/log.jsonl', options)).toBeUndefined();
  });
  check('gives back in chunks what was written in chunks, also none', async (blobs) => {
    await blobs.writeFrom('a/b', chunksOf(['one ', 'two ', 'three']), options);
    await blobs.writeFrom('a/none', chunksOf([]), options);

    expect(await textOf(blobs, 'a/b')).toBe('one two three');
    expect(await textOf(blobs, 'a/none')).toBe('');
    expect(await blobs.read('a/b', options)).toEqual(bytesOf('one two three'));
  });
  check('holds no more than a few chunks of 64 MB in memory, in or out', async (blobs) => {
    const memory = watchMemory();
    await blobs.writeFrom('big', bigSource(memory.look), options);
    memory.look();
    const read = await countBytes(blobs, 'big', memory.look);

    expect(read).toEqual({ sizeBytes: bigBytes, isRight: true });
    expect(memory.peakBytes()).toBeLessThan(memoryBoundBytes);
  });
  check('leaves everything as it was when the source fails', async (blobs) => {
    await blobs.write('a/old', bytesOf('old'), options);

    await expect(blobs.writeFrom('a/old', failingSource(), options)).rejects.toThrow('source failed');
    await expect(blobs.writeFrom('a/new', failingSource(), options)).rejects.toThrow('source failed');
    await expect(blobs.putContent('c', failingSource(), options)).rejects.toThrow('source failed');

    expect(await textOf(blobs, 'a/old')).toBe('old');
    expect(await blobs.list('', 10, options)).toEqual(['a/old']);
  });
  check('writes nothing for a caller who gives up on the way', async (blobs) => {
    const giving = new AbortController();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(chunkBytes);
      giving.abort(new Error('gone'));
      yield new Uint8Array(chunkBytes);
    };

    await expect(blobs.writeFrom('a', source(), { signal: giving.signal })).rejects.toThrow('gone');
    expect(await blobs.list('', 10, options)).toEqual([]);
  });
  check('stops reading for a caller who gives up on the way', async (blobs) => {
    await blobs.writeFrom('big', bigSource(), options);
    const giving = new AbortController();
    const reading = async () => {
      let sizeBytes = 0;
      for await (const chunk of (await blobs.openRead('big', { signal: giving.signal })) ?? []) {
        sizeBytes += chunk.length;
        giving.abort(new Error('gone'));
      }
      return sizeBytes;
    };

    await expect(reading()).rejects.toThrow('gone');
  });
  check('lets a reader leave before the end', async (blobs) => {
    await blobs.writeFrom('big', bigSource(), options);

    for await (const chunk of (await blobs.openRead('big', options)) ?? []) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }

    await blobs.remove('big', options);
    expect(await blobs.openRead('big', options)).toBeUndefined();
  });
}

async function* failingSource(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(chunkBytes);
  yield await Promise.reject(new Error('source failed'));
}

async function* bigSource(look = () => {}): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < bigChunks; chunk++) {
    if (chunk % lookEvery === 0) look();
    yield new Uint8Array(chunkBytes).fill(chunk % 251);
  }
}

/** Reads all of it; says whether each byte is the one that stood there. */
async function countBytes(blobs: BlobStore, key: string, look: () => void) {
  let sizeBytes = 0;
  let seen = 0;
  let isRight = true;
  for await (const chunk of (await blobs.openRead(key, options)) ?? []) {
    const first = Math.floor(sizeBytes / chunkBytes) % 251;
    isRight &&= chunk[0] === first;
    sizeBytes += chunk.length;
    if (sizeBytes >= seen) {
      look();
      seen += chunkBytes * lookEvery;
    }
  }
  return { sizeBytes, isRight };
}

async function textOf(blobs: BlobStore, key: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await blobs.openRead(key, options)) ?? []) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

/** Live memory above what there was: garbage is collected before each look. */
function watchMemory(): { look(): void; peakBytes(): number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const live = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = live();
  let peak = 0;
  return {
    look: () => {
      peak = Math.max(peak, live() - before);
    },
    peakBytes: () => peak,
  };
}
