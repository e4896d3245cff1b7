import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openForWriting } from './open-database.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-open-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const child = fileURLToPath(new URL('./crash.child.ts', import.meta.url));

function mayTrace(): boolean {
  try {
    execFileSync('strace', ['-f', '-e', 'trace=fdatasync', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a database opened for writing', () => {
  it.each(['new', 'found'])('that was %s writes a log and syncs it at every commit', (kind) => {
    const path = join(root, kind, 'state.db');
    if (kind === 'found') openForWriting(path, 1).close();

    const db = openForWriting(path, 1);
    const synchronous = db.prepare('PRAGMA synchronous').get();
    const journalMode = db.prepare('PRAGMA journal_mode').get();
    db.close();

    expect(synchronous).toEqual({ synchronous: 2 });
    expect(journalMode).toEqual({ journal_mode: 'wal' });
  });

  it('has each unit forced to the disk before it is acknowledged', { timeout: 60_000 }, (context) => {
    if (!mayTrace()) context.skip('strace is not here, or may not trace, to see what reaches the disk');
    const units = 20;

    const calls = traceWriter(join(root, 'traced', 'state.db'), units);

    // What comes before is the schema; what comes after, the end of the log.
    expect(stepsOf(calls)).toMatch(new RegExp(`^(wd)*(wdo){${units}}d*$`));
  });
});

/** The calls, in their order, of a writer that commits one unit after another. */
function traceWriter(path: string, units: number): string[] {
  const log = join(root, 'calls.txt');
  const trace = ['-f', '-y', '-s', '8', '-e', 'trace=write,pwrite64,fsync,fdatasync', '-o', log];
  const writer = [process.execPath, '--disable-warning=ExperimentalWarning', child, path, '0', '1'];
  execFileSync('strace', [...trace, ...writer, String(units)], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(log, 'utf8').split('\n');
}

/** `w` for writes to the log, `d` when a sync of it is done, `o` where "ok" is said. */
function stepsOf(calls: readonly string[]): string {
  const syncing = new Set<string>();
  let steps = '';
  for (const call of calls) {
    const [, thread = '', what = ''] = /^(\d+) +(.*)$/.exec(call) ?? [];
    const isSync = /^f(data)?sync\(\d+<[^>]*-wal>/.test(what);
    if (isSync && what.includes('<unfinished')) syncing.add(thread);
    if (isSync && what.endsWith('= 0')) steps += 'd';
    if (/^<\.\.\. f(data)?sync resumed>.*= 0$/.test(what) && syncing.delete(thread)) steps += 'd';
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(what)) steps += 'w';
    if (/^write\(1<.*"ok /.test(what)) steps += 'o';
  }
  return steps.replaceAll(/w+/g, 'w');
}
