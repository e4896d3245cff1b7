import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EggStatus, Plan, Runner } from '@polar-gosling/api-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobEnded, jobsEnded, registered } from './support/jobs.ts';
import { showState } from './support/tofu.ts';
import {
  createWorld,
  localEgg,
  pace,
  type Running,
  root,
  runnerRecord,
  until,
  type World,
} from './support/world.ts';

let world: World;
let up: Running;
let projectId: number;
let env: Record<string, string>;

beforeAll(async () => {
  world = await createWorld({ jobSilenceMs: 60_000 });
  const ciYaml = 'work:\n  script:\n    - sleep 15\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  const runner = '    concurrent   = 7\n    idle_timeout = "1h"';
  await world.pushNest({ 'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId, runner }) });
  const computeDir = join(world.dir, 'compute');
  cpSync(join(root, 'infra/compute'), computeDir, { recursive: true });
  env = { ...pace({ sweepEveryMs: 1_000 }), POLAR_COMPUTE_DIR: computeDir };
});
afterAll(() => endWorld(world));

interface Versions {
  readonly version: string;
  readonly machineRevision: number;
}

/** Starts the control plane again with another compute module. */
async function upgrade(change: (old: Versions) => Partial<Versions>): Promise<void> {
  await up.kill('SIGTERM');
  const file = join(env['POLAR_COMPUTE_DIR'] ?? '', 'versions.json');
  const old: Versions = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...old, ...change(old) }));
  up = await world.up(env);
}

async function runners(): Promise<Runner[]> {
  return (await world.api('/runners?limit=100')).body.items;
}

/** Runners that can take jobs, once there are so many and nothing else. */
function serving(count: number): Promise<Runner[]> {
  return until(
    `${count} runners serve`,
    async () => {
      const found = await runners();
      const isReady = found.every(({ state }) => state === 'idle' || state === 'active');
      return isReady && found.length === count ? found : undefined;
    },
    90_000,
  );
}

async function launch(count: number): Promise<void> {
  const body = JSON.stringify({ egg_name: 'app', count });
  expect((await world.api('/runners', { method: 'POST', body })).status).toBe(202);
}

async function status(): Promise<EggStatus> {
  return (await world.api('/eggs/app/status')).body;
}

/** Once nothing is under way: a runner serves before the apply that made it has ended. */
function appliedPlans(): Promise<Plan[]> {
  return until('no apply is under way', async () => {
    const plans: Plan[] = (await world.api('/eggs/app/plans?limit=100')).body.items;
    const isUnderWay = plans.some(({ status }) => status === 'pending' || status === 'applying');
    return isUnderWay ? undefined : plans.filter(({ status }) => status === 'applied');
  });
}

const pidsOf = (some: readonly Runner[]) =>
  Object.fromEntries(some.map(({ id }) => [id, runnerRecord(world.dataDir, id)?.pid]));

it('changes nothing of 5 live runners when the version of the module is raised', async () => {
  up = await world.up(env);
  await registered(world);
  await launch(5);
  const five = await serving(5);
  const pids = pidsOf(five);
  const { deployment } = await status();
  const before = await appliedPlans();
  world.sim.push(projectId);
  const [job] = world.sim.jobs(projectId);
  await until('a job runs', () => (world.sim.job(job?.id ?? 0).status === 'running' ? true : undefined));

  await upgrade(() => ({ version: '99.0.0' }));
  await launch(1);
  const six = await serving(6);

  const added = (await appliedPlans()).slice(0, -before.length);
  expect(added.map(({ kind, summary }) => [kind, summary.change, summary.destroy])).toEqual([
    ['scale', 0, 0],
  ]);
  const state = await showState(world.dataDir, 'app');
  expect(new Set(state.match(/"module_version":"\d[^"]+"/g)).size).toBe(2);
  // The job may have ended meanwhile: then the deployment is the same, and has succeeded.
  expect((await status()).deployment).toMatchObject({
    id: deployment?.id,
    started_at: deployment?.started_at,
  });
  expect((await status()).problems).toEqual([]);
  expect(pidsOf(five)).toEqual(pids);
  expect(six.map(({ id }) => id)).toEqual(expect.arrayContaining(five.map(({ id }) => id)));
  expect(new Set(six.map(({ machine_hash }) => machine_hash)).size).toBe(1);
  expect((await jobEnded(world, job?.id ?? 0)).status).toBe('success');
});

it('removes only what is asked for after that', async () => {
  const before = await serving(6);
  const [gone, ...others] = before;

  expect((await world.api(`/runners/${gone?.id}`, { method: 'DELETE' })).status).toBe(202);
  const left = await serving(5);

  const [plan] = await appliedPlans();
  expect([plan?.kind, plan?.summary.add, plan?.summary.change]).toEqual(['destroy', 0, 0]);
  expect(left.map(({ id }) => id).toSorted()).toEqual(others.map(({ id }) => id).toSorted());
  expect(pidsOf(left)).toEqual(pidsOf(others));
});

it('opens a deployment and replaces the runners when the machine revision is raised', async () => {
  const old = new Set((await serving(5)).map(({ id }) => id));
  const { deployment: before, machine_hash: hashBefore } = await status();
  world.sim.setCiYaml(projectId, 'work:\n  script:\n    - echo done\n');

  await upgrade(({ machineRevision }) => ({ machineRevision: machineRevision + 1 }));
  const opened = await until('a deployment opens', async () => {
    const { deployment } = await status();
    return deployment?.id === before?.id ? undefined : deployment;
  });
  await until(
    'every runner of before is gone',
    async () => ((await runners()).some(({ id }) => old.has(id)) ? undefined : true),
    90_000,
  );
  world.sim.push(projectId);
  const jobs = await jobsEnded(world, projectId);
  const succeeded = await until('the deployment has proved itself', async () => {
    const { deployment } = await status();
    return deployment?.state === 'succeeded' ? deployment : undefined;
  });

  expect(jobs.map((job) => job.status)).toEqual(['success', 'success']);
  expect(succeeded.id).toBe(opened?.id);
  const now = await runners();
  expect(now.length).toBeGreaterThan(0);
  expect(now.map(({ machine_hash }) => machine_hash)).not.toContain(hashBefore);
  const plans = await appliedPlans();
  expect(plans.map(({ summary }) => summary.change)).toEqual(plans.map(() => 0));
  expect(world.sim.violations).toEqual([]);
});
