import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caFileMostBytes } from '@polar-gosling/engine';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCaFile } from './read-ca-file.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ca-file-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('reads a file as it is', () => {
  writeFileSync(path.join(dir, 'ca.pem'), 'text');

  expect(readCaFile(path.join(dir, 'ca.pem'))).toBe('text');
});

it('reads of a huge file no more than shows that it is too big', () => {
  writeFileSync(path.join(dir, 'huge'), Buffer.alloc(4 * caFileMostBytes));

  expect(readCaFile(path.join(dir, 'huge'))).toHaveLength(caFileMostBytes + 1);
});

it('reads no directory, device or pipe, and waits for none', () => {
  execFileSync('mkfifo', [path.join(dir, 'pipe')]);

  expect([dir, '/dev/zero', path.join(dir, 'pipe'), path.join(dir, 'absent')].map(readCaFile)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
