import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTestTofu, noTofuReason } from '../../adapters/tofu/src/test-bench.ts';
import { install } from '../../packages/engine/src/testing/install.ts';
import { cloudEgg, createCloudWorld } from './cloud-world.ts';
import { findFakecloudMirror, noMirrorReason } from './fake-cloud-module.ts';
import { type Broken, breakOff, liveRunners, type Point, points, type Way, ways } from './kill-matrix.ts';
import { noS3Reason } from './state-bench.ts';

const program = findTestTofu() ?? '';
/** Of each place of states; 50 with `npm run nightly`. */
const count = Number(env['POLAR_KILL_POINTS'] ?? (Number(env['POLAR_RUNS'] ?? 0) >= 1_000 ? 100 : 20)) / 2;
const seed = Number(env['POLAR_SEED'] ?? Date.now() % 1_000_000_000);

describe('the look for what is left', () => {
  it('sees a process whose run is over and wiped', { timeout: 60_000 }, async ({ skip }) => {
    const mirror = findFakecloudMirror();
    skip(mirror === undefined, noMirrorReason);
    await using world = await createCloudWorld({ program, mirror: mirror ?? '', states: 'local' });
    const runDir = join(world.dataDir, 'runs', 'over');
    mkdirSync(runDir, { recursive: true });
    const orphan = spawn('sleep', ['60'], { cwd: runDir, stdio: 'ignore' });
    await once(orphan, 'spawn');
    rmSync(runDir, { recursive: true });

    const { processes } = await world.leftovers();
    orphan.kill('SIGKILL');

    expect(processes).toEqual([String(orphan.pid)]);
  });
});

describe('OpenTofu that is broken off anywhere, with machines that are slow, refused or made by half', () => {
  it.for(['bucket', 'local'] as const)(
    'is followed by what is wanted and nothing else: no machine, process or lock (states: %s)',
    { timeout: 60_000 + count * 60_000 },
    async (states, { skip }) => {
      skip(!program.includes('tofu'), noTofuReason);
      skip(states === 'bucket' && env['POLAR_S3_URL'] === undefined, noS3Reason);
      const mirror = findFakecloudMirror();
      skip(mirror === undefined, noMirrorReason);
      await using world = await createCloudWorld({ program, mirror: mirror ?? '', states });
      const { plane } = world;
      await install(plane, { 'Eggs/app/config.fly': cloudEgg(4) });
      plane.start();
      const broken: Figures[] = [];
      const here = states === 'bucket' ? ways : ways.filter((way) => way !== 'no state written');

      await fc.assert(
        fc.asyncProperty(points, async (drawn) => {
          const way = here[broken.length % here.length] ?? 'SIGKILL';
          // No other command writes one.
          const point = way === 'no state written' ? { ...drawn, command: 'apply' as const } : drawn;
          if (point.command === 'init')
            rmSync(join(world.dataDir, 'tofu-data'), { recursive: true, force: true });
          const outcome = await breakOff(world, { ...point, way });
          broken.push({ ...point, ...outcome, way });

          expect(outcome).toMatchObject({
            doneAfterMs: expect.any(Number),
            results: Array.from({ length: point.jobs }, () => 'success'),
            problems: [],
          });
          expect(await liveRunners(world)).toEqual([]);
          expect(world.cloud.madeTwice).toEqual([]);
          expect(await world.leftovers()).toEqual({
            ...{ machines: [], runs: [], processes: [], locks: [], errored: [], plans: [] },
          });
        }),
        { numRuns: count, seed, endOnFailure: true },
      );

      console.info(figuresOf(states, broken));
      // The points did break something off.
      expect(broken.filter(({ isHit }) => isHit).length).toBeGreaterThan(count / 3);
      if (states === 'bucket') {
        const refused = broken.filter(({ way, isHit }) => way === 'no state written' && isHit);
        expect(refused.length).toBeGreaterThan(0);
      }
      expect(plane.recording.unaudited).toEqual([]);
    },
  );
});

type Figures = Point & Broken & { way: Way };

function figuresOf(states: string, broken: readonly Figures[]): string {
  const by = (name: 'way' | 'command') =>
    Object.entries(Object.groupBy(broken, (one) => one[name]))
      .map(([key, all = []]) => `${key} ${all.filter(({ isHit }) => isHit).length}/${all.length}`)
      .join(', ');
  const inFlight = broken.filter((one) => one.inFlight > 0).length;
  const slowest = Math.max(...broken.map(({ doneAfterMs = 0 }) => doneAfterMs));
  return `states ${states}, seed ${seed}: ${broken.length} points; hit ${by('way')}; ${by('command')}; ${inFlight} with requests in flight; slowest recovery ${slowest / 1000} s`;
}
