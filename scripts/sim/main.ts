// npm run sim -- --seeds N [--seed S] [--mode safety|liveness]: simulates the control plane with every fault there is.
//   --seeds N   so many seeds (default 1), from --seed S on (default 1)
//   --mode      what counts: safety (nothing forbidden ever happened), liveness (every job ended, no machine left);
//               both without it
// Exit code 0: no seed failed; 1: some did; 64: not understood.
import { parseArgs } from 'node:util';
import { modes, runSeeds, type SimMode } from './run-seeds.ts';

const usageExit = 64;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const asked = readArgs(args);
  if (typeof asked === 'string') {
    process.stderr.write(`${asked}\nusage: npm run sim -- --seeds N [--seed S] [--mode safety|liveness]\n`);
    return usageExit;
  }
  const startedAt = performance.now();
  const failures = await runSeeds({ ...asked, say: (line) => console.log(line) });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${asked.seeds} seeds run, ${failures.length} failed, in ${seconds} s`);
  return failures.length === 0 ? 0 : 1;
}

/** What was asked for, or what is wrong with it. */
function readArgs(args: readonly string[]): { seeds: number; seed: number; mode?: SimMode } | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { seeds: { type: 'string' }, seed: { type: 'string' }, mode: { type: 'string' } },
    });
    const [seeds, seed] = [Number(values.seeds ?? 1), Number(values.seed ?? 1)];
    if (!Number.isSafeInteger(seeds) || seeds < 1) return `--seeds is a number from 1, not ${values.seeds}`;
    if (!Number.isSafeInteger(seed) || seed < 0) return `--seed is a number from 0, not ${values.seed}`;
    const mode = modes.find((one) => one === values.mode);
    if (values.mode !== undefined && mode === undefined)
      return `--mode is ${modes.join(' or ')}, not ${values.mode}`;
    return { seeds, seed, ...(mode !== undefined && { mode }) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
