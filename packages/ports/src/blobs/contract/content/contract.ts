import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { BlobStore } from '../../blobs.ts';
import { bytesOf, type Check, chunksOf, options, type Tamper } from '../words/contract.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const corrupt = expect.objectContaining({ code: 'BLOB_CORRUPT' });

/** Values named by the hash of their bytes, and bytes that are not what was stored. */
export function describeContent(check: Check, tamper: Tamper | undefined): void {
  check('names content by the hash of its bytes and keeps the same bytes once', async (blobs) => {
    const sha256 = hashOf('a bundle');
    const key = `bundles/${sha256}`;

    const first = await blobs.putContent('bundles', chunksOf(['a ', 'bundle']), options);
    const second = await blobs.putContent('bundles', chunksOf(['a bundle']), options);

    expect([first, second]).toEqual(Array.from({ length: 2 }, () => ({ key, sha256, sizeBytes: 8 })));
    expect(await blobs.list('', 10, options)).toEqual([key]);
    expect(await blobs.read(key, options)).toEqual(bytesOf('a bundle'));
  });
  check('takes the same content from many writers at once', async (blobs) => {
    const big = 'x'.repeat(100_000);
    const puts = Array.from({ length: 8 }, () => blobs.putContent('c/d', chunksOf([big, big]), options));

    const keys = new Set((await Promise.all(puts)).map(({ key }) => key));

    expect([...keys]).toEqual([`c/d/${hashOf(big + big)}`]);
    expect(await blobs.read(`c/d/${hashOf(big + big)}`, options)).toHaveLength(200_000);
  });
  check('keeps content of no bytes', async (blobs) => {
    const { key, sizeBytes } = await blobs.putContent('c', chunksOf([]), options);

    expect(sizeBytes).toBe(0);
    expect(await blobs.read(key, options)).toEqual(new Uint8Array());
  });
  check('refuses other bytes under the name of content', async (blobs) => {
    const key = `bundles/${hashOf('a bundle')}`;

    await expect(blobs.write(key, bytesOf('another'), options)).rejects.toEqual(corrupt);
    await expect(blobs.writeIfAbsent(key, bytesOf('another'), options)).rejects.toEqual(corrupt);
    await expect(blobs.writeFrom(key, chunksOf(['another']), options)).rejects.toEqual(corrupt);
    expect(await blobs.list('', 10, options)).toEqual([]);
  });
  check('gives no content whose bytes were changed', async (blobs) => {
    const { key } = await blobs.putContent('bundles', chunksOf(['a bundle']), options);
    await tamper?.(key, bytesOf('a bungle'));

    await expect(blobs.read(key, options)).rejects.toEqual(corrupt);
    await expect(readAll(blobs, key)).rejects.toEqual(corrupt);
  });
}

async function readAll(blobs: BlobStore, key: string): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of (await blobs.openRead(key, options)) ?? []) sizeBytes += chunk.length;
  return sizeBytes;
}
