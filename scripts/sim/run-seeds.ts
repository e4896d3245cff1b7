import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { createControlPlane } from '../../packages/engine/src/testing/control-plane.ts';
import { type Simulation, simulate } from '../../packages/engine/src/testing/simulation.ts';
import { cloudSettings } from '../../packages/engine/src/testing/test-cloud.ts';

export const modes = ['safety', 'liveness'] as const;
export type SimMode = (typeof modes)[number];

export interface SimOptions {
  /** How many, one after the other from `seed` on. */
  readonly seeds: number;
  readonly seed: number;
  /** What counts as a failure; absent: both. */
  readonly mode?: SimMode;
  readonly say: (line: string) => void;
}

/** Simulates the seeds; answers those that failed, and says for each how to see it again. */
export async function runSeeds({ seeds, seed: first, mode, say }: SimOptions): Promise<number[]> {
  const failed: number[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const clock = createFakeClock();
    const plane = await createControlPlane({
      clock,
      ids: createSeededIds(seed, clock),
      settings: cloudSettings,
    });
    const problems = problemsOf(await simulate(plane, createSeededIds(seed + 10_000, clock).random), mode);
    if (problems.length === 0) continue;
    failed.push(seed);
    say(`seed ${seed} failed:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    say(`  again: npm run sim -- --seed ${seed}${mode === undefined ? '' : ` --mode ${mode}`}`);
  }
  return failed;
}

function problemsOf(seen: Simulation, mode: SimMode | undefined): string[] {
  const stuck: string[] = [];
  if (seen.endedAfterMs === undefined) stuck.push('a job had not ended two hours after the faults were over');
  if (seen.emptyAfterMs === undefined) stuck.push('a machine was left two hours after the faults were over');
  return [...(mode === 'liveness' ? [] : seen.violations), ...(mode === 'safety' ? [] : stuck)];
}
