import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { clock, createBench, never, openRun } from '../../adapters/tofu/src/test-bench.ts';
import { launcher, wantedOf } from './record.ts';

// `one.ts PROGRAM APPLIES FOLDER`: makes a runner with each apply; prints ms for each run, and processes of OpenTofu.
const [program = '', applies = '8', folder = '.'] = process.argv.slice(2);
const count = Number(applies);
await using bench = createBench(program);
const tofu = bench.reopen({ dataDir: mkdtempSync(join(folder, 'ours-')), launcher });
let processes = 0;
let made = 0;
// As in a worker that has run before: what `init` made is kept.
await bring(0);
const from = clock.monotonic();
processes = 0;
for (let size = 1; size <= count; size++) await bring(size);
const wallMs = clock.monotonic() - from;
const more = { processes: processes / count };
await bring(0);
process.stdout.write(`${JSON.stringify({ value: wallMs / count, result: { made }, more })}\n`);

async function bring(size: number): Promise<void> {
  const { run, pids } = await openRun(tofu, wantedOf('web', size));
  try {
    const plan = await run.plan({ signal: never });
    const outcome = plan.hasChanges ? await run.apply({ signal: never }) : undefined;
    if (outcome !== undefined && outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome));
    made += outcome?.applied.length ?? 0;
    processes += pids.length;
  } finally {
    await run.dispose();
  }
}
