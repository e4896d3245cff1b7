import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { type InstanceParts, openInstance } from '@polar-gosling/wiring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aDirectory, commandLine, runCli, spawnOptions } from '../../testing/cli.ts';

const clock = createSystemClock();
const ids = createSystemIds(clock);
const { signal } = new AbortController();
const kills = 8;
const blobBytes = 4 * 1024 * 1024;

let directory: Awaited<ReturnType<typeof aDirectory>>;
let dataDir = '';
let file = '';
let instance: InstanceParts;
beforeEach(async () => {
  directory = await aDirectory();
  dataDir = path.join(directory.path, 'data');
  file = path.join(directory.path, 'backup.tar.gz');
  instance = await openInstance({
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
  for (const name of ['a', 'b', 'c']) {
    await instance.blobs.write(`runs/${name}/log.jsonl`, Buffer.alloc(blobBytes, ids.token(3_000)), {
      signal,
    });
  }
  await instance.store.commit(
    [{ kind: 'put', table: 'switches', row: { name: 'freeze', on: true }, when: { kind: 'any' } }],
    { signal },
  );
});
afterEach(async () => {
  await instance.close();
  await directory.remove();
});

const gosling = (args: readonly string[], dir = dataDir) =>
  runCli(args, { cwd: directory.path, env: { GOSLING_DATA_DIR: dir } });

/** Starts the command and kills it some time after; answers whether it had ended by itself. */
async function killOnTheWay(args: readonly string[], dir: string): Promise<void> {
  const options = spawnOptions({ cwd: directory.path, env: { GOSLING_DATA_DIR: dir } });
  const child = spawn(process.execPath, commandLine(args), { ...options, stdio: 'ignore' });
  const closed = once(child, 'close');
  await clock.sleep(100 + ids.random() * 900, signal);
  child.kill('SIGKILL');
  await closed;
}

describe('gosling backup and restore', () => {
  it('give an instance to another machine, with its key brought apart', async () => {
    const written = await gosling(['backup', 'backup.tar.gz']);
    expect(written).toMatchObject({ code: 0, stdout: '' });
    expect(written.stderr).toContain(path.join(dataDir, 'key', 'secrets.key'));
    const other = path.join(directory.path, 'other');

    const restored = await gosling(['restore', 'backup.tar.gz', '--json'], other);

    expect(restored.code).toBe(0);
    expect(JSON.parse(restored.stdout)).toMatchObject({ data_dir: other, files: 5, has_key: false });
    mkdirSync(path.join(other, 'key'));
    writeFileSync(
      path.join(other, 'key', 'secrets.key'),
      readFileSync(path.join(dataDir, 'key', 'secrets.key')),
    );
    const list = await gosling(['secret', 'list'], other);
    expect(list.stdout).toContain('store/keyring');
  });

  it('refuse what would lose something, each with its exit code', async () => {
    expect(await gosling(['backup', 'b'], path.join(directory.path, 'none'))).toMatchObject({ code: 5 });
    await gosling(['backup', 'backup.tar.gz']);

    expect(await gosling(['restore', 'backup.tar.gz'])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('BACKUP_NOT_EMPTY'),
    });
    writeFileSync(file, readFileSync(file).subarray(0, 2_000));
    expect(await gosling(['restore', 'backup.tar.gz'], path.join(directory.path, 'other'))).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('BACKUP_DAMAGED'),
    });
  });

  it.each([{ GOSLING_BLOBS: 'file:/elsewhere' }, { GOSLING_SECRETS: 'vault', VAULT_ADDR: 'https://v.test' }])(
    'refuse to back up a part of what there is: %o',
    async (settings) => {
      const env = { GOSLING_DATA_DIR: dataDir, ...settings };
      const refused = await runCli(['backup', 'backup.tar.gz'], { cwd: directory.path, env });

      expect(refused).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('lies outside the data directory'),
      });
      expect(existsSync(file)).toBe(false);
    },
  );

  it('leave a whole file or none when they are killed', { timeout: 120_000 }, async () => {
    for (let kill = 0; kill < kills; kill++) {
      await killOnTheWay(['backup', 'backup.tar.gz'], dataDir);
      if (!existsSync(file)) continue;
      const to = path.join(directory.path, `to-${kill}`);
      expect(await gosling(['restore', 'backup.tar.gz'], to)).toMatchObject({ code: 0 });
      rmSync(to, { recursive: true });
      rmSync(file);
    }

    expect(await gosling(['backup', 'backup.tar.gz'])).toMatchObject({ code: 0 });
    expect(readdirSync(directory.path).filter((name) => name.startsWith('backup'))).toEqual([
      'backup.tar.gz',
    ]);
  });

  it('leave a whole data directory or none when they are killed', { timeout: 120_000 }, async () => {
    await gosling(['backup', 'backup.tar.gz']);
    const to = path.join(directory.path, 'to');
    for (let kill = 0; kill < kills; kill++) {
      await killOnTheWay(['restore', 'backup.tar.gz'], to);
      const names = existsSync(to) ? readdirSync(to).filter((name) => !name.startsWith('instance.')) : [];
      if (names.length === 0) continue;
      expect(names.toSorted()).toEqual(['blobs', 'gosling.db', 'secrets.json.enc']);
      expect(readdirSync(path.join(to, 'blobs', 'runs'))).toEqual(['a', 'b', 'c']);
      rmSync(to, { recursive: true });
    }

    expect(await gosling(['restore', 'backup.tar.gz'], to)).toMatchObject({ code: 0 });
    expect(readdirSync(directory.path).filter((name) => name.startsWith('to'))).toEqual(['to']);
  });
});
