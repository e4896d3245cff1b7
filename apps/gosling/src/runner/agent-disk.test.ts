import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentFiles, writePrivate } from './agent-files.ts';
import { readMemory, writeMemory } from './agent-memory.ts';
import { createLogTail } from './log-tail.ts';
import { openReportBuffer } from './report-buffer.ts';

let files: ReturnType<typeof agentFiles>;

beforeEach(async () => {
  files = agentFiles(await mkdtemp(path.join(tmpdir(), 'gosling-disk-')));
});
afterEach(() => rm(files.directory, { recursive: true, force: true }));

const aReport = (seq: number) => ({
  seq,
  sent_at: '2026-01-01T00:00:00.000Z',
  state: 'idle' as const,
  jobs: [],
  job_count: 0,
  cpu_usage: 1,
  memory_usage: 2,
  disk_usage: 3,
  agent_version: 'simulator',
  gosling_version: '0.0.0',
  config_hash: 'c1',
  failure_count: 0,
});

describe('what an agent keeps on disk', () => {
  it('writes private files only its owner may read', async () => {
    await writePrivate(files.configToml, 'x');

    expect((await stat(files.configToml)).mode & 0o777).toBe(0o600);
  });

  it('knows itself again, but not another runner, nor a file that a crash cut off', async () => {
    await writeMemory(files, { runner_id: 'a', boot_id: 'b', seq: 7 });

    expect(await readMemory(files, 'a')).toEqual({ runner_id: 'a', boot_id: 'b', seq: 7 });
    expect(await readMemory(files, 'other')).toBeUndefined();
    await writeFile(files.memory, '{"runner_id": "a", "boo');
    expect(await readMemory(files, 'a')).toBeUndefined();
  });

  it('keeps reports in order over a restart, without jobs, and forgets them when told', async () => {
    const first = await openReportBuffer(files);
    await first.keep(aReport(1));
    await first.keep(aReport(2));
    await appendFile(files.reports, '{"seq": 3, "sta');

    const second = await openReportBuffer(files);

    expect(second.all().map(({ seq }) => seq)).toEqual([1, 2]);
    expect(second.all()[0]).not.toHaveProperty('jobs');
    await second.clear();
    expect((await openReportBuffer(files)).all()).toEqual([]);
  });

  it('keeps only the newest 500 reports', async () => {
    await writeFile(
      files.reports,
      Array.from({ length: 600 }, (_, seq) => `${JSON.stringify(aReport(seq))}\n`).join(''),
    );
    const buffer = await openReportBuffer(files);

    await buffer.keep(aReport(600));

    expect(buffer.all()).toHaveLength(500);
    expect(buffer.all()[0]?.seq).toBe(101);
  });
});

describe('createLogTail', () => {
  it('hands on whole lines once, also those that come in parts', async () => {
    const lines: string[] = [];
    const tail = createLogTail(files.runnerLog, (line) => lines.push(line));

    await tail.read();
    await appendFile(files.runnerLog, 'one\ntw');
    await tail.read();
    await appendFile(files.runnerLog, 'o\nthree\n');
    await tail.read();
    await tail.read();

    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('empties a file that has grown too big', async () => {
    await writeFile(files.runnerLog, `${'x'.repeat(1_048_575)}\n`.repeat(9));
    const tail = createLogTail(files.runnerLog, () => undefined);

    for (let look = 0; look < 9; look++) await tail.read();

    expect((await readFile(files.runnerLog)).length).toBe(0);
  });
});
