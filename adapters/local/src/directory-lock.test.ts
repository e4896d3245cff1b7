import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'directory-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('is held by one, who is named to the next, until it is released', () => {
  const first = lockDirectory(dir, 4711);
  const second = lockDirectory(dir, 4712);
  if ('release' in first) first.release();
  const third = lockDirectory(dir, 4713);

  expect(second).toEqual({ takenBy: '4711' });
  expect(third).toHaveProperty('release');
  if ('release' in third) third.release();
});

it('ends with its process, also by SIGKILL', async () => {
  const module = new URL('./directory-lock.ts', import.meta.url).href;
  const text = `const { lockDirectory } = await import(${JSON.stringify(module)});
    globalThis.lock = lockDirectory(${JSON.stringify(dir)}, process.pid);
    console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const whileItLives = lockDirectory(dir, 1);

  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const afterwards = lockDirectory(dir, 2);

  expect(whileItLives).toEqual({ takenBy: String(child.pid) });
  expect(afterwards).toHaveProperty('release');
  if ('release' in afterwards) afterwards.release();
});

it('stays held after it was asked for again in the same process', async () => {
  const module = new URL('./directory-lock.ts', import.meta.url).href;
  const text = `const { lockDirectory } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(lockDirectory(${JSON.stringify(dir)}, 4712)));`;
  const first = lockDirectory(dir, 4711);

  const again = lockDirectory(dir, 4711);
  const other = execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });

  expect([again, JSON.parse(other)]).toEqual([{ takenBy: '4711' }, { takenBy: '4711' }]);
  if ('release' in first) first.release();
});
