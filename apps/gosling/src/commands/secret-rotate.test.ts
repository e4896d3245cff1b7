import path from 'node:path';
import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { type InstanceParts, lockDirectory, openInstance } from '@polar-gosling/wiring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

const clock = createSystemClock();
const ids = createSystemIds(clock);
const { signal } = new AbortController();
const small = 'CANARY-small-entry';
/** Its sealed bytes lie among the blobs. */
const big = Array.from({ length: 30_000 }, (_, n) => n * 7_919).join('-');

let directory: Awaited<ReturnType<typeof aDirectory>>;
let dataDir = '';
beforeEach(async () => {
  directory = await aDirectory();
  dataDir = path.join(directory.path, 'data');
});
afterEach(() => directory.remove());

const open = () =>
  openInstance({
    dataDir,
    clock,
    ids,
    makeLog: () => silentLogger,
    environment: {},
    agentCommand: [],
    agentEnvironment: {},
    userAgent: 'test',
    signal,
  });

async function fill({ store }: InstanceParts): Promise<void> {
  for (const [id, text] of Object.entries({ r1: small, r2: big })) {
    const row = { id, egg_name: 'e', created_at: 1, state: 'idle', entry: Buffer.from(text) };
    await store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], { signal });
  }
}

async function entries({ store }: InstanceParts): Promise<string[]> {
  const keys = ['r1', 'r2'].map((partition) => ({ table: 'runners', partition }) as const);
  const rows = await store.get(keys, { signal });
  return rows.map((row) => Buffer.from(row?.['entry'] as Uint8Array).toString());
}

const rotate = (...args: string[]) =>
  runCli(['secret', 'rotate', ...args], { cwd: directory.path, env: { GOSLING_DATA_DIR: dataDir } });

describe('gosling secret rotate', { timeout: 60_000 }, () => {
  it('does it all in one call where nothing runs', async () => {
    const before = await open();
    await fill(before);
    await before.close();

    const rotated = await rotate('store/keyring');

    expect(rotated).toMatchObject({ code: 0, stdout: '' });
    expect(rotated.stderr).toContain('2 rows were sealed again');
    expect(rotated.stderr).toContain('the old key is out of the key ring');
    const after = await open();
    expect(await entries(after)).toEqual([small, big]);
    await after.close();
  });

  it('keeps the old key beside a running instance, which reads on; a later call takes it out', async () => {
    const instance = await open();
    const lock = lockDirectory(dataDir, process.pid);
    await fill(instance);

    const rotated = await rotate('store/keyring', '--json');

    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    const found = JSON.parse(rotated.stdout);
    expect(found).toMatchObject({ rows: 2, was_resumed: false, is_done: false });
    expect(Date.parse(found.old_key_until)).toBeGreaterThan(clock.now() + 3_600_000);
    expect(await entries(instance)).toEqual([small, big]);
    await instance.close();
    if ('release' in lock) lock.release();
    const ended = await rotate('store/keyring', '--json');
    expect(JSON.parse(ended.stdout)).toEqual({ rows: 0, was_resumed: true, is_done: true });
    const after = await open();
    expect(await entries(after)).toEqual([small, big]);
    await after.close();
  });

  it('refuses what it cannot rotate, and a rotation beside another', async () => {
    const instance = await open();
    const row = { name: 'keyring', holder: 'x', fence: 1, acquired_at: 0, expires_at: clock.now() + 60_000 };
    await instance.store.commit([{ kind: 'put', table: 'leases', row, when: { kind: 'any' } }], { signal });

    expect(await rotate('gitlab/gitlab.com/e/api-token')).toMatchObject({ code: 64 });
    expect(await rotate('store/keyring')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('CLI_LOCKED'),
    });
    await instance.close();
  });
});
