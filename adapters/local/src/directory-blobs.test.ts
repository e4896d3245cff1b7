import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBlobsContract } from '@polar-gosling/ports/blobs/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { createDirectoryBlobs } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-blobs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newDir = () => join(mkdtempSync(join(root, 'b-')), 'blobs');
const options = { signal: new AbortController().signal };

let current = '';
describeBlobsContract({
  name: 'directory',
  create: () => {
    current = newDir();
    return createDirectoryBlobs({ dir: current });
  },
  tamper: (key, value) => writeFileSync(join(current, key), value),
});

describe('createDirectoryBlobs', () => {
  it('writes files for this user only and leaves no partial ones', async () => {
    const dir = newDir();
    const blobs = createDirectoryBlobs({ dir });

    await blobs.write('runs/r1/log', Buffer.from('x'), options);
    await blobs.writeIfAbsent('runs/r1/log', Buffer.from('y'), options);

    expect(statSync(join(dir, 'runs/r1/log')).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dir, 'runs/r1'))).toEqual(['log']);
  });

  it('does not list a file that a killed writer left half', async () => {
    const dir = newDir();
    const blobs = createDirectoryBlobs({ dir });
    await blobs.write('a/whole', Buffer.from('x'), options);
    writeFileSync(join(dir, 'a', 'half~0a1b2c'), 'half');

    expect(await blobs.list('', 10, options)).toEqual(['a/whole']);
  });

  it('refuses a key that is a folder of others, and one below a value', async () => {
    const blobs = createDirectoryBlobs({ dir: newDir() });
    await blobs.write('a/b', Buffer.from('x'), options);

    await expect(blobs.write('a', Buffer.from('x'), options)).rejects.toMatchObject({ code: 'BLOB_BAD_KEY' });
    await expect(blobs.write('a/b/c', Buffer.from('x'), options)).rejects.toMatchObject({
      code: 'BLOB_BAD_KEY',
    });
    expect(await blobs.read('a', options)).toBeUndefined();
  });

  it('says that the store failed when the directory cannot be used', async () => {
    const blobs = createDirectoryBlobs({ dir: join(root, 'x'.repeat(300)) });

    await expect(blobs.write('a', Buffer.from('x'), options)).rejects.toMatchObject({
      code: 'BLOB_UNAVAILABLE',
    });
  });
});
