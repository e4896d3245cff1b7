import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock, pollUntil, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore } from './index.ts';

// A real small disk: a tmpfs in a mount namespace of its own, which ends with the process that writes.
const root = mkdtempSync(join(tmpdir(), 'gosling-small-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const child = fileURLToPath(new URL('./full-disk.child.ts', import.meta.url));
const node = [process.execPath, '--disable-warning=ExperimentalWarning'];

/** How a mount namespace is made here: as root, or as a user that may be root in it. */
const unshare = [
  ['unshare', '-m'],
  ['unshare', '-Urm'],
].find(([program = '', ...flags]) => {
  const probe = join(root, `probe${flags.join('')}`);
  mkdirSync(probe);
  try {
    execFileSync(program, [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
const noNamespace = 'mount namespaces (unshare, util-linux) are not permitted here';

/** Runs `script` with sh where `disk` is a tmpfs of this size; $1 is the directory, the rest what it shall start. */
function onDisk(disk: string, size: string, script: string) {
  const [program = '', ...flags] = unshare ?? [];
  const start = `mount -t tmpfs -o size=${size} tmpfs "$1" && ${script}`;
  return spawn(program, [...flags, 'sh', '-c', start, 'sh', disk, ...node, child, join(disk, 'state.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function outputOf(writer: ReturnType<typeof spawn>) {
  const seen = { text: '' };
  writer.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen.text += text;
  });
  const waitFor = (form: RegExp) =>
    pollUntil(() => (form.test(seen.text) ? true : undefined), {
      clock,
      everyMs: 20,
      timeoutMs: 40_000,
      what: String(form),
      ...options,
    });
  return { seen, waitFor };
}

describe('a store on a disk', () => {
  it('that is full takes no writes, loses nothing, and goes on when there is room', {
    timeout: 90_000,
  }, async (context) => {
    if (unshare === undefined) context.skip(noNamespace);
    const disk = mkdtempSync(join(root, 'full-'));
    // The ballast is what somebody removes when the disk is full.
    const script = 'head -c 1500000 /dev/zero > "$1/ballast" && shift && exec "$@"';
    const writer = onDisk(disk, '3m', script);
    const { seen, waitFor } = outputOf(writer);
    const inside = `/proc/${writer.pid}/root${disk}`;

    await waitFor(/failed STORE_READ_ONLY/);
    rmSync(`${inside}/ballast`);
    await waitFor(/failed STORE_READ_ONLY[\s\S]*(ok \d+\n){3}/);
    const copy = join(root, 'after-full.db');
    writer.kill('SIGSTOP');
    for (const end of ['', '-wal']) copyFileSync(`${inside}/state.db${end}`, `${copy}${end}`);
    writer.kill('SIGKILL');
    await once(writer, 'close');

    expect(seen.text).toMatch(/^(ok \d+\n)+failed STORE_UNAVAILABLE\n/);
    await expectAll(copy, seen.text);
  });

  it('that cannot be written at all is refused when it is opened, with the reason', {
    timeout: 60_000,
  }, async (context) => {
    if (unshare === undefined) context.skip(noNamespace);
    const disk = mkdtempSync(join(root, 'ro-'));
    const writer = onDisk(disk, '3m', 'mount -o remount,ro "$1" && shift && exec "$@" 2>&1');
    const { seen } = outputOf(writer);

    const [code] = await once(writer, 'close');

    expect(code).not.toBe(0);
    expect(seen.text).toContain('STORE_NOT_OPENED');
    expect(seen.text).toMatch(/read-only file system/i);
  });

  it('is refused where its path is no file that can be', async () => {
    writeFileSync(join(root, 'file'), 'x');
    for (const path of [join(root, 'file', 'state.db'), root]) {
      const opening = createSqliteStore({
        path,
        clock,
        sealer,
        logger: silentLogger,
        mode: 'inline',
        blobs: createMemoryBlobs(),
      });
      await expect(opening).rejects.toMatchObject({ code: 'STORE_NOT_OPENED' });
    }
  });
});

/** Every unit that was acknowledged is in the file, whole. */
async function expectAll(path: string, output: string): Promise<void> {
  const store = await createSqliteStore({
    path,
    clock,
    sealer,
    logger: silentLogger,
    mode: 'inline',
    blobs: createMemoryBlobs(),
  });
  const acknowledged = [...output.matchAll(/^ok (\d+)$/gm)].map(([, id]) => String(id));
  for (const id of acknowledged) {
    const keys = ['left', 'right'].map(
      (side) => ({ table: 'switches', partition: `${id}-${side}` }) as const,
    );
    const rows = await store.get(keys, options);
    expect(rows.every((row) => row !== undefined)).toBe(true);
  }
  expect(acknowledged.length).toBeGreaterThan(3);
  expect(await store.integrityCheck(options)).toEqual([]);
  await store.close();
}
