import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchContext, Comparison, Variant } from '../harness/bench.ts';
import { makeFile } from './corpus.ts';

const work = fileURLToPath(new URL('work.ts', import.meta.url));

export const bench: Bench = {
  question: 'how much CPU time does Fly need, and does it grow with the file?',
  rounds: 3,
  prepare: async (context) => {
    const growth = await compareGrowth(context);
    return [...growth, await compareEdit(context)];
  },
};

/** Time for a byte of a file of 2, 4 and 8 MB against that of 1 MB. */
async function compareGrowth(context: BenchContext): Promise<Comparison[]> {
  const oneMb = await fly('check', 1e6, context);
  const names = [2, 4, 8];
  return Promise.all(
    names.map(async (size) => ({
      name: `parse and check ${size} MB, against ${size} × 1 MB`,
      unit: 'ms CPU',
      subject: await fly('check', size * 1e6, context),
      baseline: oneMb,
      goal: { kind: 'cost', atMost: 1.3 * size },
    })),
  );
}

async function compareEdit(context: BenchContext): Promise<Comparison> {
  return {
    name: 'language server: edit to diagnostics, 100 KB, against parse and check',
    unit: 'ms CPU',
    subject: await fly('edit', 1e5, context),
    baseline: await fly('check', 1e5, context),
    goal: { kind: 'cost', atMost: 2 },
  };
}

/** Our work on a file of so many bytes. */
async function fly(task: string, bytes: number, { folder }: BenchContext): Promise<Variant> {
  const file = join(folder, `${bytes}.fly`);
  await writeFile(file, makeFile(bytes));
  return {
    name: `fly ${task} ${bytes / 1e6} MB`,
    command: [process.execPath, work, task, file],
    measure: 'reported',
  };
}
