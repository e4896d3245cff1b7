import { expect, it } from 'vitest';
import { readTar, type TarEntry, writeTar } from './tar.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* entriesOf(...entries: { name: string; size: number; announced?: number }[]) {
  for (const { name, size, announced = size } of entries) {
    const chunks = pieces(Buffer.alloc(size, name), 700);
    yield { name, sizeBytes: announced, chunks } satisfies TarEntry;
  }
}

async function archiveOf(...entries: Parameters<typeof entriesOf>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(entriesOf(...entries))) parts.push(part);
  return Buffer.concat(parts);
}

it.each([1, 511, 512, 513, 10_000])('gives back its entries, read in pieces of %i bytes', async (size) => {
  const archive = await archiveOf(
    { name: 'a', size: 0 },
    { name: 'b/c', size: 512 },
    { name: 'd', size: 1_300 },
  );
  const found: [string, number][] = [];

  for await (const entry of readTar(pieces(archive, size), 'file')) {
    const parts: Uint8Array[] = [];
    for await (const part of entry.chunks) parts.push(part);
    expect(Buffer.concat(parts).equals(Buffer.alloc(entry.sizeBytes, entry.name))).toBe(true);
    found.push([entry.name, entry.sizeBytes]);
  }

  expect(found).toEqual([
    ['a', 0],
    ['b/c', 512],
    ['d', 1_300],
  ]);
});

it('refuses a file that grew or shrank while it was read', async () => {
  const changing = expect.objectContaining({ code: 'BACKUP_CHANGING' });

  await expect(archiveOf({ name: 'a', size: 100, announced: 99 })).rejects.toEqual(changing);
  await expect(archiveOf({ name: 'a', size: 100, announced: 101 })).rejects.toEqual(changing);
});
