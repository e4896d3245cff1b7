import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createControlPlane } from './testing/control-plane.ts';
import { simulate } from './testing/simulation.ts';
import { cloudSettings } from './testing/test-cloud.ts';

/** A seed stands for hours of simulated work, so there are fewer of them than of other properties. */
const seeds = Array.from({ length: Math.ceil(runs(200) / 10) }, (_, index) => index + 1);

describe('the control plane, with every fault there is', () => {
  it.each(seeds)(
    'leaks nothing, kills nothing busy, and ends every job when the faults are over (seed %i)',
    async (seed) => {
      const clock = createFakeClock();
      const plane = await createControlPlane({
        clock,
        ids: createSeededIds(seed, clock),
        settings: cloudSettings,
      });

      const seen = await simulate(plane, createSeededIds(seed + 10_000, clock).random);

      expect(seen.violations).toEqual([]);
      expect(seen).toMatchObject({ endedAfterMs: expect.any(Number), emptyAfterMs: expect.any(Number) });
    },
    120_000,
  );
});
