import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalMachines } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-machines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const isLinux = process.platform === 'linux';

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const startTimeOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
};

function recordIn(dataDir: string, id: string, columns: object): void {
  mkdirSync(join(dataDir, 'local-runners', id), { recursive: true });
  const record = { runner_id: id, egg: 'my-egg', boot_id: bootId(), started_at: 0, ...columns };
  writeFileSync(join(dataDir, 'local-runners', id, 'runner.json'), JSON.stringify(record));
}

describe('createLocalMachines', () => {
  beforeEach(({ skip }) => skip(!isLinux, 'records name processes by /proc, which is not here'));

  const fixture = () => {
    const dataDir = mkdtempSync(join(root, 'm-'));
    return { dataDir, machines: createLocalMachines({ dataDir }) };
  };
  const self = { pid: process.pid, start_time: startTimeOf(process.pid) };

  it('knows nothing of a runner without a record', async () => {
    const { dataDir, machines } = fixture();
    mkdirSync(join(dataDir, 'local-runners', 'r1'), { recursive: true });

    expect(await machines.status('r1', options)).toBeUndefined();
    expect(await machines.status('../../etc', options)).toBeUndefined();
    expect(await machines.list(options)).toEqual([]);
  });

  it('sees a living process as running', async () => {
    const { dataDir, machines } = fixture();
    recordIn(dataDir, 'r1', self);

    expect(await machines.status('r1', options)).toEqual({ runnerId: 'r1', egg: 'my-egg', state: 'running' });
  });

  it('sees a process that ended as gone, also before its parent took note', async () => {
    const { dataDir, machines } = fixture();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    recordIn(dataDir, 'r1', { pid: child.pid, start_time: startTimeOf(Number(child.pid)) });
    expect((await machines.status('r1', options))?.state).toBe('running');

    child.kill('SIGKILL');
    await once(child, 'exit');

    expect((await machines.status('r1', options))?.state).toBe('gone');
  });

  it.each([
    ['another process has its number', { start_time: '1' }],
    ['the host was started again', { boot_id: '00000000-0000-0000-0000-000000000000' }],
  ])('sees it as gone when %s', async (_why, columns) => {
    const { dataDir, machines } = fixture();
    recordIn(dataDir, 'r1', { ...self, ...columns });

    expect((await machines.status('r1', options))?.state).toBe('gone');
  });

  it('lists every runner of this host', async () => {
    const { dataDir, machines } = fixture();
    recordIn(dataDir, 'r2', { ...self, start_time: '1', egg: 'other' });
    recordIn(dataDir, 'r1', self);

    expect(await machines.list(options)).toEqual([
      { runnerId: 'r1', egg: 'my-egg', state: 'running' },
      { runnerId: 'r2', egg: 'other', state: 'gone' },
    ]);
  });

  it('does not guess from a damaged record or without /proc', async () => {
    const { dataDir, machines } = fixture();
    recordIn(dataDir, 'r1', self);
    const blind = createLocalMachines({ dataDir, procDir: join(root, 'no-proc') });
    await expect(blind.status('r1', options)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });

    for (const text of ['{"runner_id":', '[]', '{"runner_id":"r1"}', 'null']) {
      writeFileSync(join(dataDir, 'local-runners', 'r1', 'runner.json'), text);
      await expect(machines.status('r1', options)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
    }
  });
});
