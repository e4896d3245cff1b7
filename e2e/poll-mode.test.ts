import { afterEach, beforeEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, pace, publicHere, until, type World } from './support/world.ts';

let world: World;
let projectId: number;

beforeEach(async () => {
  world = await createWorld({ autoDisableHooks: true });
  const ciYaml = 'work:\n  tags: [way]\n  script:\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/way', ciYaml, members: { ada: 'owner' } }));
  await world.pushNest({
    'Eggs/way/config.fly': localEgg(world, { name: 'way', projectId, tags: ['way'] }),
  });
});
afterEach(() => endWorld(world));

async function modeTold(): Promise<unknown> {
  const { body } = await world.api('/health');
  return body.nest.mode;
}

async function runPipeline(): Promise<readonly string[]> {
  world.sim.push(projectId);
  return (await jobsEnded(world, projectId)).map(({ status }) => status);
}

it('finds jobs by asking where GitLab has no way in: no webhook is made', async () => {
  const up = await world.up(pace({ sweepEveryMs: 1_000 }));
  await registered(world);

  expect(await runPipeline()).toEqual(['success']);

  expect(await modeTold()).toBe('poll');
  expect(up.log()).toContain('poll mode: no GOSLING_PUBLIC_URL, GitLab is asked');
  expect(world.sim.hooks(projectId)).toEqual([]);
  expect(world.sim.deliveries).toEqual([]);
  expect(world.sim.violations).toEqual([]);
});

it('hears of jobs by a webhook of its own where GitLab reaches it', async () => {
  const at = publicHere(world);
  // No sweep comes to help.
  await world.up({ ...at, ...pace({ sweepEveryMs: 3_600_000 }) });
  const hook = await until('the webhook is made', () => world.sim.hooks(projectId)[0]);

  expect(await runPipeline()).toEqual(['success']);
  await world.sim.hooksIdle();

  expect(await modeTold()).toBe('webhook');
  expect(hook.url).toBe(`${at['GOSLING_PUBLIC_URL']}/webhooks/gitlab`);
  expect([...hook.triggers].toSorted()).toEqual([
    'job_events',
    'merge_requests_events',
    'pipeline_events',
    'push_events',
    'resource_access_token_events',
  ]);
  expect(world.sim.hooks(projectId)).toHaveLength(1);
  expect(world.sim.deliveries.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  expect(world.sim.deliveries.map(({ trigger }) => trigger)).toContain('job_events');
  expect(world.sim.violations).toEqual([]);
});

it('heals a webhook that GitLab has switched off, and finds the jobs of the meantime', async () => {
  const at = publicHere(world);
  const up = await world.up({ ...at, ...pace({ sweepEveryMs: 2_000 }) });
  const hook = await until('the webhook is made', () => world.sim.hooks(projectId)[0]);
  await up.kill('SIGTERM');
  world.sim.push(projectId);
  for (let push = 0; push < 4; push++) world.sim.pushHookOnly(projectId);
  await world.sim.hooksIdle();
  expect(hook.disabledUntilMs).toBeGreaterThan(world.sim.now());

  await world.up({ ...at, ...pace({ sweepEveryMs: 2_000 }) });

  await until('the webhook delivers again', () => (hook.recentFailures === 0 ? true : undefined));
  expect((await jobsEnded(world, projectId)).map(({ status }) => status)).toEqual(['success']);
  expect(world.sim.hooks(projectId)).toHaveLength(1);
  const seen = world.sim.deliveries.length;
  expect(await runPipeline()).toEqual(['success', 'success']);
  await world.sim.hooksIdle();
  const after = world.sim.deliveries.slice(seen);
  expect(after.length).toBeGreaterThan(0);
  expect(after.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
  expect(world.sim.violations).toEqual([]);
});
