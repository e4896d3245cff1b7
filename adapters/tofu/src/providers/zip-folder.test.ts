import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipFolder } from './zip-folder.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zip-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function aFolder(name: string): string {
  const folder = join(dir, name);
  mkdirSync(join(folder, 'docs'), { recursive: true });
  writeFileSync(join(folder, 'program'), randomBytesOf('program'));
  chmodSync(join(folder, 'program'), 0o755);
  writeFileSync(join(folder, 'LICENSE'), 'free\n'.repeat(10_000));
  writeFileSync(join(folder, 'docs', 'größe.md'), '');
  return folder;
}

const kept = new Map<string, Buffer>();
function randomBytesOf(name: string): Buffer {
  const bytes = kept.get(name) ?? randomBytes(3_000_000);
  kept.set(name, bytes);
  return bytes;
}

async function zip(folder: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of zipFolder(folder)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('zipFolder', () => {
  it('makes what Python unpacks to the same files, executable where they were', async () => {
    const folder = aFolder('a');
    writeFileSync(join(dir, 'a.zip'), await zip(folder));

    execFileSync('python3', ['-c', unpack, join(dir, 'a.zip'), join(dir, 'out')]);

    for (const name of ['program', 'LICENSE', 'docs/größe.md']) {
      expect(readFileSync(join(dir, 'out', name)).equals(readFileSync(join(folder, name)))).toBe(true);
    }
    expect(statSync(join(dir, 'out', 'program')).mode & 0o111).toBe(0o111);
    expect(statSync(join(dir, 'out', 'LICENSE')).mode & 0o111).toBe(0);
  });

  it('gives equal bytes for equal folders', async () => {
    expect((await zip(aFolder('a'))).equals(await zip(aFolder('b')))).toBe(true);
  });
});

const unpack = `
import os, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for info in archive.infolist():
    path = archive.extract(info, sys.argv[2])
    os.chmod(path, info.external_attr >> 16)
`;
