import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryBlobs } from '@polar-gosling/adapter-local';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { silentLogger } from '@polar-gosling/kernel';
import type { Write } from '@polar-gosling/ports/store';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterAll, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'gosling-full-blobs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };

/** How a mount namespace is made here: as root, or as a user that may be root in it. */
const unshare = [
  ['unshare', '-m'],
  ['unshare', '-Urm'],
].find(([program = '', ...flags]) => {
  const probe = mkdtempSync(join(root, 'probe-'));
  try {
    execFileSync(program, [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** A disk of 1 MB, in a mount namespace of its own that ends with the holder of its input; answers where it is. */
async function mountSmallDisk() {
  const disk = join(root, 'disk');
  mkdirSync(disk);
  const [program = '', ...flags] = unshare ?? [];
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && echo mounted && exec cat';
  const holder = spawn(program, [...flags, 'sh', '-c', script, 'sh', disk], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  await once(holder.stdout, 'data');
  return {
    path: `/proc/${holder.pid}/root${disk}`,
    async unmount() {
      holder.stdin.end();
      await ended;
    },
  };
}

const put = (name: string, why: string): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, why },
  when: { kind: 'absent' },
});
const big = (letter: string) => letter.repeat(100_000);

it('a full disk of blobs refuses what is big alone, whole and with the reason, until there is room', async (context) => {
  if (unshare === undefined) context.skip('mount namespaces (unshare, util-linux) are not permitted here');
  const disk = await mountSmallDisk();
  const blobs = createDirectoryBlobs({ dir: join(disk.path, 'blobs') });
  const clock = createFakeClock();
  const path = join(root, 'state.db');
  const store = await createSqliteStore({ path, clock, sealer, blobs, logger: silentLogger });
  const get = (...names: string[]) =>
    store.get(
      names.map((name) => ({ table: 'switches', partition: name }) as const),
      options,
    );
  expect(await store.commit([put('before', big('a'))], options)).toEqual({ kind: 'ok' });
  const ballast = join(disk.path, 'ballast');
  expect(() => writeFileSync(ballast, new Uint8Array(2_000_000))).toThrow('ENOSPC');

  const unit = [put('small', 'x'), put('big', big('b'))];
  for (let time = 0; time < 3; time++) {
    await expect(store.commit(unit, options)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('the blob store did not answer write (no space left on device)'),
    });
    await clock.advance(6_000);
  }
  expect(await get('before', 'small', 'big')).toMatchObject([{ why: big('a') }, undefined, undefined]);
  // The database has room: what fits into it is written as ever.
  expect(await store.commit([put('other', 'x')], options)).toEqual({ kind: 'ok' });
  expect(store.readOnly()).toBeUndefined();

  rmSync(ballast);
  expect(await store.commit(unit, options)).toEqual({ kind: 'ok' });
  expect(await get('before', 'small', 'big', 'other')).toMatchObject(
    [big('a'), 'x', big('b'), 'x'].map((why) => ({ why })),
  );
  expect(readdirSync(join(disk.path, 'blobs/columns'))).toHaveLength(2);
  await store.close();
  await disk.unmount();
});
