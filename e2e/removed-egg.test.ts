import { afterEach, beforeEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, localRunners, pace, publicHere, until, type World } from './support/world.ts';

let world: World;
let projectId: number;

const runner = '    concurrent   = 2\n    run_untagged = true\n    idle_timeout = "30s"';

beforeEach(async () => {
  world = await createWorld();
  const ciYaml = 'work:\n  script:\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  await world.pushNest({
    'Eggs/first/config.fly': localEgg(world, { name: 'first', projectId, tags: ['x'], runner }),
  });
});
afterEach(() => endWorld(world));

const addSecond = () =>
  world.pushNest({
    'Eggs/second/config.fly': localEgg(world, { name: 'second', projectId, tags: ['y'], runner }),
  });

function forgotten(egg: string): Promise<unknown> {
  return until(`${egg} is forgotten`, async () =>
    (await world.api(`/eggs/${egg}`)).status === 404 ? true : undefined,
  );
}

async function runPipeline(): Promise<unknown> {
  world.sim.push(projectId);
  return (await jobsEnded(world, projectId)).at(-1)?.status;
}

it('forgets an Egg in poll mode too, the second of its project', async () => {
  await addSecond();
  await world.up(pace({ sweepEveryMs: 1_000 }));
  await registered(world, 2);
  expect(await runPipeline()).toBe('success');

  await world.pushNest({ 'Eggs/second/config.fly': undefined });
  await forgotten('second');

  expect(world.sim.runners().map(({ tags }) => tags)).toEqual([['x']]);
  expect(await runPipeline()).toBe('success');
  expect(world.sim.violations).toEqual([]);
});

it('hands the webhook of a project over to the Egg that stays: no delivery is refused', async () => {
  const at = publicHere(world);
  await world.up({ ...at, ...pace({ sweepEveryMs: 3_600_000 }) });
  // By the Egg that is there alone: of two that are bound at once either may be the one.
  const hook = await until('the webhook is made', () => world.sim.hooks(projectId)[0]);
  const tokenBefore = hook.token;
  await addSecond();
  await registered(world, 2);
  expect(await runPipeline()).toBe('success');

  await world.pushNest({ 'Eggs/first/config.fly': undefined });
  await forgotten('first');

  expect(world.sim.hooks(projectId)).toHaveLength(1);
  expect(hook.token).not.toBe(tokenBefore);
  expect(await runPipeline()).toBe('success');
  await world.sim.hooksIdle();
  expect(world.sim.deliveries.filter(({ status }) => status !== 200)).toEqual([]);
  const left = await localRunners(world.dataDir);
  const { body } = await world.api('/runners?limit=100');
  expect(body.items.map(({ id }: { id: string }) => id).toSorted()).toEqual(left.toSorted());
  expect(world.sim.violations).toEqual([]);
});
