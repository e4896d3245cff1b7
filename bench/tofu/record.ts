import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { anEntry, createBench, never, openRun, wants } from '../../adapters/tofu/src/test-bench.ts';

/** Where the bundles of one Egg lie: `0` is empty, `n` has n runners; and the folder that their states lie in. */
export interface Recorded {
  readonly bundles: string;
  readonly dataDir: string;
}

/** The very bundles that we would run, ready for a script: rendered by us, and with what `init` makes of them. */
export async function recordBundles(
  program: string,
  at: { dir: string; sizes: readonly number[] },
): Promise<Recorded> {
  await using bench = createBench(program);
  const bundles = join(at.dir, 'bundles');
  const dataDir = join(at.dir, 'data');
  mkdirSync(bundles, { recursive: true });
  const tofu = bench.reopen({ dataDir, launcher });
  for (const size of at.sizes) {
    const { run, runId } = await openRun(tofu, wantedOf('web', size));
    await run.plan({ signal: never });
    const to = join(bundles, String(size));
    cpSync(join(dataDir, 'runs', runId), to, { recursive: true, verbatimSymlinks: true });
    rmSync(join(to, 'tfplan'), { force: true });
    await run.dispose();
  }
  return { bundles, dataDir };
}

/** An agent that does nothing, for as long as it is let. */
export const launcher = { agentCommand: ['/bin/sleep', '600'], env: {} };

export function wantedOf(egg: string, size: number) {
  const entries = Array.from({ length: size }, (_, number) =>
    anEntry({ runner_id: `${egg}-${number}`, egg_name: egg }),
  );
  return { ...wants(entries), egg };
}
