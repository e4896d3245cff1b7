import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobsEnded, registered, watchLoad } from './support/jobs.ts';
import { createWorld, localEgg, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.remove());

it('runs 20 jobs at once with concurrent 6 and 2 jobs a runner: never more than 3 runners nor 6 jobs', async () => {
  const ciYaml = 'work:\n  tags: [load]\n  parallel: 20\n  script:\n    - sleep 1\n    - echo done\n';
  const { id } = world.sim.addProject({ path: 'team/load', ciYaml, members: { ada: 'owner' } });
  const runner = '    concurrent      = 6\n    jobs_per_runner = 2\n    idle_timeout    = "30s"';
  await world.pushNest({
    'Eggs/load/config.fly': localEgg(world, { name: 'load', projectId: id, tags: ['load'], runner }),
  });
  await world.up();
  await registered(world);
  const load = watchLoad(world, () => countDirectories(join(world.dataDir, 'local-runners')));

  world.sim.push(id);
  const jobs = await jobsEnded(world, id, 120_000);

  const most = load.stop();
  expect(jobs.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'success'));
  expect(most.runners).toBeLessThanOrEqual(3);
  expect(most.jobs).toBeLessThanOrEqual(6);
  expect(most.jobs).toBeGreaterThan(2);
  expect(world.sim.violations).toEqual([]);
});

function countDirectories(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    return 0;
  }
}
