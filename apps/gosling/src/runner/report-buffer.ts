import { rm } from 'node:fs/promises';
import { BufferedReport, type HeartbeatBody } from '@polar-gosling/api-contract';
import type { z } from 'zod';
import { type AgentFiles, readIfThere, writePrivate } from './agent-files.ts';

/** One report is about 300 bytes, and a heartbeat must stay far below the server's 1 MiB. */
const reportsKept = 500;

type Kept = z.infer<typeof BufferedReport>;

/** Reports that the back end did not take, in order, on disk, within a bound: the oldest go first. */
export interface ReportBuffer {
  all(): readonly Kept[];
  keep(report: HeartbeatBody): Promise<void>;
  clear(): Promise<void>;
}

export async function openReportBuffer(files: AgentFiles): Promise<ReportBuffer> {
  let kept = parseReports((await readIfThere(files.reports)) ?? '');
  return {
    all: () => kept,
    async keep({ jobs: _jobs, buffered: _buffered, ...report }) {
      kept = [...kept, report].slice(-reportsKept);
      await writePrivate(files.reports, kept.map((each) => `${JSON.stringify(each)}\n`).join(''));
    },
    async clear() {
      if (kept.length === 0) return;
      kept = [];
      await rm(files.reports, { force: true });
    },
  };
}

function parseReports(text: string): Kept[] {
  return text.split('\n').flatMap((line) => {
    try {
      const parsed = BufferedReport.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return []; // the end of the file, or a line that a crash cut off
    }
  });
}
