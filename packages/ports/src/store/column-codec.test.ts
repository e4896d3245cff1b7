import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@polar-gosling/kernel';
import { withFailures } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { blobErrors } from '../blobs/index.ts';
import { createMemoryBlobs } from '../blobs/memory.ts';
import { secretErrors } from '../secrets/index.ts';
import { createColumnCodec } from './column-codec.ts';
import type { Row, Unit } from './store.ts';

const options = { signal: new AbortController().signal };
const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff);
const sealer = { seal: flip, open: flip };
const key = { table: 'switches', partition: 'a' } as const;
const putOf = (columns: Row): Unit => [
  { kind: 'put', table: 'switches', row: { name: 'a', ...columns }, when: { kind: 'any' } },
];
const rowOf = ([write]: Unit): Row => (write?.kind === 'put' ? write.row : {});

describe('createColumnCodec', () => {
  it('moves a column over 64 KB to the blob store, under its hash, and leaves one of 64 KB', async () => {
    const blobs = createMemoryBlobs();
    const codec = createColumnCodec({ sealer, blobs });
    const big = new Uint8Array(64 * 1024 + 1).fill(7);
    const edge = new Uint8Array(64 * 1024);

    const row = rowOf(await codec.encode(putOf({ big, edge }), options));

    expect(row['edge']).toBe(edge);
    expect(JSON.stringify(row['big']).length).toBeLessThan(120);
    expect(await blobs.list('', 9, options)).toEqual([`columns/${sha256Hex(big)}`]);
    expect(await codec.decodeFound([key], [row], options)).toEqual([{ name: 'a', big, edge }]);
  });

  it('seals a column before it moves it', async () => {
    const blobs = createMemoryBlobs();
    const codec = createColumnCodec({ sealer, blobs });
    const entry = new Uint8Array(randomBytes(90_000));
    const row = { id: 'r1', entry };

    const unit = await codec.encode([{ kind: 'put', table: 'runners', row, when: { kind: 'any' } }], options);

    const [blob = ''] = await blobs.list('columns/', 2, options);
    const stored = Buffer.from((await blobs.read(blob, options)) ?? new Uint8Array());
    expect(stored.includes(Buffer.from(entry.subarray(300, 320)))).toBe(false);
    const page = await codec.decodePage('runners', { items: [rowOf(unit)] }, options);
    expect(page.items).toEqual([row]);
  });

  it('refuses a row whose big column is gone or was changed', async () => {
    const blobs = createMemoryBlobs();
    const codec = createColumnCodec({ sealer, blobs });
    const row = rowOf(await codec.encode(putOf({ why: 'x'.repeat(70_000) }), options));
    const [blob = ''] = await blobs.list('columns/', 1, options);
    const bytes = (await blobs.read(blob, options)) ?? new Uint8Array();
    const changed = { ...blobs, read: async () => flip(bytes) };

    const badRow = { code: 'STORE_BAD_ROW', message: expect.stringContaining('why of switches ["a"]') };
    const other = createColumnCodec({ sealer, blobs: changed });
    await expect(other.decodeFound([key], [row], options)).rejects.toMatchObject(badRow);
    await blobs.remove(blob, options);
    await expect(codec.decodeFound([key], [row], options)).rejects.toMatchObject(badRow);
  });

  it('names the place of a sealed big column that was changed', async () => {
    const blobs = createMemoryBlobs();
    const codec = createColumnCodec({ sealer, blobs });
    const row = { id: 'r1', entry: new Uint8Array(randomBytes(90_000)) };
    const unit = await codec.encode([{ kind: 'put', table: 'runners', row, when: { kind: 'any' } }], options);
    const changed = { ...blobs, read: async () => new Uint8Array(9) };

    const other = createColumnCodec({ sealer, blobs: changed });

    await expect(other.decodePage('runners', { items: [rowOf(unit)] }, options)).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
      message: expect.stringContaining('runners ["r1"] entry'),
    });
  });

  it('says that the store is not available when the key ring is not', async () => {
    const down = secretErrors.unreadable({ role: 'key ring', reason: 'no answer' });
    const seal = () => Promise.reject(down);
    const codec = createColumnCodec({ sealer: { seal, open: flip }, blobs: createMemoryBlobs() });
    const row = { id: 'r1', entry: new Uint8Array(5) };

    const encoded = codec.encode([{ kind: 'put', table: 'runners', row, when: { kind: 'any' } }], options);

    await expect(encoded).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: down });
  });

  it('says that the store is not available when the blob the blob store is not', async () => {
    const down = withFailures(createMemoryBlobs(), {
      call: 1,
      error: blobErrors.unavailable({ op: 'write' }),
    });
    const codec = createColumnCodec({ sealer, blobs: down.port });

    const encoded = codec.encode(putOf({ why: 'x'.repeat(70_000) }), options);

    await expect(encoded).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
