import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRunDirectory, runDirOf, wipeOldRuns } from './run-directory.ts';
import { listNames } from './test-bench.ts';

const hourMs = 3_600_000;
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'run-directory-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
const left = () => listNames(join(dataDir, 'runs')).toSorted();

describe('the directory of a run', () => {
  it('does not stay where it cannot be written whole', async () => {
    const files = new Map([
      ['pg.auto.tfvars.json', '{"bootstrap_token": "bt-1"}'],
      [`${'n'.repeat(300)}.tf`, ''],
    ]);

    await expect(makeRunDirectory(runDirOf(dataDir, 'run-1'), files)).rejects.toThrow(/ENAMETOOLONG/);

    expect(left()).toEqual([]);
  });

  it('goes a day later where its run was settled elsewhere, unless something works or waits in it', async () => {
    const now = Date.now();
    const make = (runId: string, ageMs: number) => {
      const runDir = runDirOf(dataDir, runId);
      mkdirSync(runDir, { recursive: true });
      if (runId === 'errored') writeFileSync(join(runDir, 'errored.tfstate'), '{}');
      utimesSync(runDir, (now - ageMs) / 1_000, (now - ageMs) / 1_000);
      return runDir;
    };
    for (const runId of ['settled', 'errored']) make(runId, 25 * hourMs);
    make('young', 23 * hourMs);
    const child = spawn('sleep', ['60'], { cwd: make('at-work', 25 * hourMs), stdio: 'ignore' });

    await wipeOldRuns(dataDir, now);
    const whileItWorks = left();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await wipeOldRuns(dataDir, now);

    expect(whileItWorks).toEqual(['at-work', 'errored', 'young']);
    expect(left()).toEqual(['errored', 'young']);
  });
});
