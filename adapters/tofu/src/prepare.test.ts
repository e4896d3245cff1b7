import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { openPreparedData } from './prepare.ts';
import { listNames } from './test-bench.ts';

const dir = mkdtempSync(join(tmpdir(), 'prepare-'));
const dayMs = 86_400_000;
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function fixture() {
  const dataDir = mkdtempSync(join(dir, 'data-'));
  const clock = createFakeClock();
  const folder = join(dataDir, 'tofu-data', '0');
  const open = (key: string) => openPreparedData({ dataDir, clock }, 0, key);
  const aRun = (made?: string) => {
    const runDir = mkdtempSync(join(dir, 'run-'));
    if (made === undefined) return runDir;
    mkdirSync(join(runDir, '.terraform'));
    writeFileSync(join(runDir, '.terraform', 'made'), made);
    return runDir;
  };
  const keep = async (key: string) => (await open(key)).keep(aRun(key));
  return { clock, folder, open, aRun, keep };
}

describe('what init made', () => {
  it('stays while runs use it, and goes when none did for a week and another is kept', async () => {
    const { clock, folder, open, aRun, keep } = fixture();
    await keep('used');
    await keep('unused');
    const runDir = aRun();

    await clock.advance(5 * dayMs);
    await (await open('used')).restore(runDir);
    await clock.advance(3 * dayMs);
    await keep('new');

    expect(listNames(folder)).toEqual(['new', 'used']);
    expect(readFileSync(join(runDir, '.terraform', 'made'), 'utf8')).toBe('used');
  });

  it('goes where a process was killed while it kept it, a week later', async () => {
    const { clock, folder, keep } = fixture();
    await keep('first');
    mkdirSync(join(folder, 'second-killed'));
    const at = clock.now() / 1_000;
    utimesSync(join(folder, 'second-killed'), at, at);

    await keep('third');
    const before = listNames(folder);
    await clock.advance(8 * dayMs);
    await keep('fourth');

    expect(before).toEqual(['first', 'second-killed', 'third']);
    expect(listNames(folder)).toEqual(['fourth']);
  });

  it('is made anew where what was kept cannot be copied', async () => {
    const { folder, open, aRun, keep } = fixture();
    await keep('key');
    rmSync(join(folder, 'key', '.terraform', 'made'));
    mkdirSync(join(folder, 'key', '.terraform', 'made'));
    const runDir = aRun('other');

    const isRestored = await (await open('key')).restore(runDir);

    expect(isRestored).toBe(false);
    expect(listNames(runDir)).toEqual([]);
  });
});
