import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from '../test-https.ts';
import { findUnshare, noSmallDisk, onSmallDisk } from '../test-small-disk.ts';

const child = fileURLToPath(new URL('./install.child.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'full-disk-'));
const unshare = findUnshare();
let authority: TestAuthority;
let archive: Buffer;

beforeAll(() => {
  authority = createTestAuthority(dir);
  writeFileSync(join(dir, 'tofu'), randomBytes(6_000_000));
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'tofu'], { cwd: dir });
  archive = readFileSync(join(dir, 'archive.tar.gz'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Installs 6 MB that come in an archive of as many, where the folder of programs is a disk of this size. */
async function installOn(size: string): Promise<{ said: string; here: string[]; kept: string[] }> {
  await using server = await authority.serve((_request, response) => response.end(archive));
  const binDir = join(dir, `bin-${size}`);
  mkdirSync(binDir);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const url = `${server.url}/tofu_{version}_{os}_{arch}.tar.gz`;
  const settings = JSON.stringify({ binDir, url, sha256, caFile: join(dir, 'ca.pem') });
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', child, settings];
  const [program = '', ...args] = onSmallDisk(unshare ?? [], { dir: binDir, size }, node);
  const { stdout } = await promisify(execFile)(program, args, { timeout: 150_000 });
  return JSON.parse(stdout);
}

describe('installing a version on a disk that is full', { timeout: 180_000 }, () => {
  beforeEach(({ skip }) => skip(unshare === undefined, noSmallDisk));

  it.each([
    ['its archive does not fit', '3m'],
    ['what is in the archive does not fit', '8m'],
    ['no file can be made, the lock included', '20m,nr_inodes=1'],
  ])('says so and leaves nothing where %s', async (_what, size) => {
    const { said, here, kept } = await installOn(size);

    expect(said).toMatch(/^BINARY_UNWRITABLE .*ENOSPC/);
    expect([here, kept]).toEqual([[], []]);
  });

  it('goes well where both fit', async () => {
    const sum = createHash('sha256')
      .update(readFileSync(join(dir, 'tofu')))
      .digest('hex');
    expect(await installOn('20m')).toEqual({
      ...{ said: 'installed', here: [`tofu-1.12.6+${sum}`] },
      kept: [`tofu-binaries/1.12.6/linux_amd64/${sum}`],
    });
  });
});
