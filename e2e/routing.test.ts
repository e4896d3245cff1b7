import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, pace, until, type World } from './support/world.ts';

let world: World;
let projectId: number;

beforeAll(async () => {
  world = await createWorld();
  const idle = '    idle_timeout = "2s"';
  ({ id: projectId } = world.sim.addProject({ path: 'team/routing', members: { ada: 'owner' } }));
  await world.pushNest({
    'Eggs/alpha/config.fly': localEgg(world, {
      ...{ name: 'alpha', projectId, tags: ['a', 'shared'] },
      runner: `    concurrent   = 2\n${idle}`,
    }),
    'Eggs/beta/config.fly': localEgg(world, {
      ...{ name: 'beta', projectId, tags: ['b', 'shared'] },
      runner: `    concurrent   = 3\n    run_untagged = true\n${idle}`,
    }),
  });
  await world.up(pace({ sweepEveryMs: 1_000 }));
  await registered(world, 2);
});

afterAll(() => endWorld(world));

/** Starts a pipeline of jobs, each with its tags. */
function push(jobs: Readonly<Record<string, readonly string[]>>): void {
  const yaml = Object.entries(jobs).map(([name, tags]) => {
    const wanted = tags.length === 0 ? '' : `  tags: [${tags.join(', ')}]\n`;
    return `${name}:\n${wanted}  script:\n    - echo ${name}\n`;
  });
  world.sim.setCiYaml(projectId, yaml.join(''));
  world.sim.push(projectId);
}

/** The Egg whose registration GitLab gave the job to, by the tags that GitLab knows of it. */
function servedBy(name: string): string {
  const job = world.sim.jobs(projectId).find((one) => one.name === name);
  const runner = world.sim.runners().find(({ id }) => id === job?.runnerId);
  return runner?.tags.includes('a') ? 'alpha' : 'beta';
}

interface CiJob {
  readonly name: string;
  readonly egg_name?: string;
  readonly reason?: string;
}

/** Pending jobs that the control plane knows of, once there are so many. */
function waiting(count: number): Promise<CiJob[]> {
  return until(`${count} jobs are known to wait`, async () => {
    const { body } = await world.api('/ci-jobs?state=waiting&limit=100');
    return body.items.length === count ? body.items : undefined;
  });
}

async function freeze(method: 'PUT' | 'DELETE'): Promise<void> {
  const body = method === 'PUT' ? { body: JSON.stringify({ why: 'looked at' }) } : {};
  for (const egg of ['alpha', 'beta']) {
    const { status } = await world.api(`/freeze/${egg}`, { method, ...body });
    expect(status).toBe(204);
  }
}

it('runs each job on a runner of the Egg whose tags it asks for, one without tags only where run_untagged', async () => {
  push({ 'on-a': ['a'], 'on-b': ['b'], plain: [] });

  const jobs = await jobsEnded(world, projectId);

  expect(jobs.map(({ name, status }) => [name, status])).toEqual([
    ['on-a', 'success'],
    ['on-b', 'success'],
    ['plain', 'success'],
  ]);
  expect(['on-a', 'on-b', 'plain'].map(servedBy)).toEqual(['alpha', 'beta', 'beta']);
});

it('makes a job demand of exactly one Egg: demands add up to the jobs that wait and match', async () => {
  // An idle runner would take jobs although nothing is launched.
  await until('no runner is left', async () => {
    const { body } = await world.api('/runners?limit=100');
    return body.items.length === 0 ? true : undefined;
  });
  await freeze('PUT');

  push({ a: ['a'], b: ['b'], s1: ['shared'], s2: ['shared'], s3: ['shared'], s4: ['shared'], none: ['x'] });
  const jobs = await waiting(7);
  const demands = await until('both Eggs have counted', async () => {
    const statuses = await Promise.all(['alpha', 'beta'].map((egg) => world.api(`/eggs/${egg}/status`)));
    const [alpha, beta] = statuses.map(({ body }) => Number(body.waiting_jobs));
    return Number(alpha) + Number(beta) === 6 ? [alpha, beta] : undefined;
  });

  const of = (egg: string | undefined) => jobs.filter(({ egg_name }) => egg_name === egg);
  expect(demands).toEqual([of('alpha').length, of('beta').length]);
  expect(of('alpha').map(({ name }) => name)).toContain('a');
  expect(of('beta').map(({ name }) => name)).toContain('b');
  expect(of(undefined)).toEqual([expect.objectContaining({ name: 'none', reason: 'no_matching_egg' })]);

  for (const one of world.sim.jobs(projectId).filter(({ name }) => name === 'none')) {
    world.sim.cancelJob(one.id);
  }
  await freeze('DELETE');
  const ended = await jobsEnded(world, projectId);
  expect(ended.filter(({ status, name }) => status !== 'success' && name !== 'none')).toEqual([]);
});

it('names the nearest Egg and the missing tag for a job that no Egg takes', async () => {
  push({ lonely: ['shared', 'b', 'gpu'] });
  const lonely = world.sim.jobs(projectId).find(({ name }) => name === 'lonely');
  const path = encodeURIComponent('team/routing');

  const { status, body } = await until('the job is seen', async () => {
    const answer = await world.api(`/why/${world.server}/${path}/${lonely?.id}`);
    return answer.body.verdict === 'unknown' ? undefined : answer;
  });
  const told = await world.cli(['why', lonely?.webUrl ?? '']);

  expect(status).toBe(200);
  expect(body.verdict).toBe('unmatched');
  expect(body.candidates).toEqual([
    expect.objectContaining({ egg_name: 'alpha', matches: false, missing_tags: ['b', 'gpu'] }),
    expect.objectContaining({ egg_name: 'beta', matches: false, missing_tags: ['gpu'] }),
  ]);
  expect(body.blockers).toEqual([
    {
      code: 'no_matching_egg',
      detail: 'egg beta comes nearest and lacks: gpu',
      fix: "add gpu to runner.tags of egg beta, or correct the job's tags",
    },
  ]);
  expect(told.code).toBe(0);
  expect(told.stdout).toContain('no Egg takes it');
  expect(told.stdout).toContain('egg beta comes nearest and lacks: gpu');
  expect(world.sim.violations).toEqual([]);
});
