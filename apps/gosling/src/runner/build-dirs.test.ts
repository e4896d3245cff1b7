import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentFiles } from './agent-files.ts';
import { prepareBuildDirs } from './build-dirs.ts';

let home: string;
const options = { ids: createSystemIds(createSystemClock()), signal: new AbortController().signal };

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'gosling-dirs-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('prepareBuildDirs', () => {
  it('stays inside the private directory where jobs run as ourselves', async () => {
    const files = agentFiles(path.join(home, 'agent'));

    const dirs = await prepareBuildDirs(files, { ...options, jobUser: undefined, outside: home });

    expect(dirs.builds).toBe(path.join(home, 'agent', 'builds'));
    expect((await stat(dirs.builds)).mode & 0o777).toBe(0o700);
  });

  it('gives jobs of another user a directory outside, names it for its remover, and removes it', async () => {
    const files = agentFiles(path.join(home, 'agent'));

    const dirs = await prepareBuildDirs(files, { ...options, jobUser: userInfo().username, outside: home });

    const root = path.dirname(dirs.builds);
    expect(await readFile(files.buildsRecord, 'utf8')).toBe(root);
    expect((await stat(root)).mode & 0o777).toBe(0o711);
    expect((await stat(dirs.builds)).mode & 0o777).toBe(0o700);
    await dirs.remove();
    await expect(stat(root)).rejects.toThrow('ENOENT');
  });

  it('removes what an earlier life left, and nothing else that the record names', async () => {
    const files = agentFiles(path.join(home, 'agent'));
    const given = { ...options, jobUser: userInfo().username, outside: home };
    const first = await prepareBuildDirs(files, given);
    await writeFile(path.join(first.builds, 'left'), 'x');

    await prepareBuildDirs(files, given);
    await writeFile(files.buildsRecord, home);
    await prepareBuildDirs(files, given);

    await expect(stat(first.builds)).rejects.toThrow('ENOENT');
    expect((await stat(home)).isDirectory()).toBe(true);
  });
});
