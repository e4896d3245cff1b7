import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createSystemClock, pollUntil, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Write } from '@polar-gosling/ports/store';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-full-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
/** From util-linux: changes the limits of a running process. */
const prlimit = 'prlimit';
const child = fileURLToPath(new URL('./full-disk.child.ts', import.meta.url));

function hasPrlimit(): boolean {
  try {
    execFileSync(prlimit, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a store that cannot write', () => {
  it('says so, recovers when there is room again, and loses nothing', {
    timeout: 60_000,
  }, async (context) => {
    if (!hasPrlimit()) context.skip('prlimit (util-linux) is not here to give room back');
    const path = join(root, 'state.db');
    const flags = ['--disable-warning=ExperimentalWarning', child, path];
    const writer = spawn('sh', ['-c', 'ulimit -S -f 2000; exec "$@"', 'sh', process.execPath, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const waitFor = (form: RegExp) =>
      pollUntil(() => (form.test(output) ? true : undefined), {
        clock,
        everyMs: 20,
        timeoutMs: 30_000,
        what: String(form),
        ...options,
      });

    await waitFor(/failed STORE_READ_ONLY/);
    execFileSync(prlimit, ['--pid', String(writer.pid), '--fsize=unlimited']);
    await waitFor(/failed STORE_READ_ONLY[\s\S]*(ok \d+\n){3}/);
    writer.kill('SIGKILL');
    await once(writer, 'close');

    expect(output).toMatch(/^(ok \d+\n)+failed STORE_UNAVAILABLE\n/);
    const store = await createSqliteStore({
      path,
      clock,
      sealer,
      blobs: createMemoryBlobs(),
      logger: silentLogger,
      mode: 'inline',
    });
    const acknowledged = [...output.matchAll(/^ok (\d+)$/gm)].map(([, id]) => String(id));
    for (const id of acknowledged) {
      const keys = ['left', 'right'].map(
        (side) => ({ table: 'switches', partition: `${id}-${side}` }) as const,
      );
      expect((await store.get(keys, options)).every((row) => row !== undefined)).toBe(true);
    }
    expect(await store.integrityCheck(options)).toEqual([]);
    await store.close();
  });

  it('gives up on a file that another process holds, and goes on when it is free', {
    timeout: 60_000,
  }, async () => {
    const path = join(root, 'held.db');
    const store = await createSqliteStore({
      path,
      clock,
      sealer,
      blobs: createMemoryBlobs(),
      logger: silentLogger,
    });
    const put: Write = {
      kind: 'put',
      table: 'switches',
      row: { name: 'a', on: true },
      when: { kind: 'any' },
    };
    await store.commit([put], options);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');

    await expect(store.commit([put], options)).rejects.toMatchObject({
      code: expect.stringMatching(/^STORE_(UNAVAILABLE|READ_ONLY)$/),
    });
    expect(await store.get([{ table: 'switches', partition: 'a' }], options)).toMatchObject([{ version: 1 }]);
    expect(store.readOnly()).toMatchObject({ reason: expect.stringContaining('locked') });
    other.exec('ROLLBACK');
    other.close();

    const written = await pollUntil(() => store.commit([put], options).catch(() => undefined), {
      clock,
      everyMs: 50,
      timeoutMs: 20_000,
      what: 'a commit',
      ...options,
    });
    expect(written).toEqual({ kind: 'ok' });
    expect(store.readOnly()).toBeUndefined();
    expect(await store.get([{ table: 'switches', partition: 'a' }], options)).toMatchObject([{ version: 2 }]);
    await store.close();
  });
});
