import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { killFamily } from './support/victims.ts';
import { createWorld, localEgg, localRunners, pace, until, type World } from './support/world.ts';

let world: World;
let projectId: number;

beforeEach(async () => {
  world = await createWorld({ jobSilenceMs: 3_000 });
  const retry = '  retry: { max: 1, when: [runner_system_failure] }\n';
  const ciYaml = `work:\n${retry}  script:\n    - sleep 3\n    - echo done\n`;
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  const runner = '    concurrent   = 1\n    idle_timeout = "2s"';
  await world.pushNest({ 'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId, runner }) });
  await world.up(pace({ sweepEveryMs: 1_000, heartbeatMs: 1_000 }));
  await registered(world);
});
afterEach(() => endWorld(world));

function runnerOf(systemId: string | undefined, ids: readonly string[]): string | undefined {
  return ids.find((id) => {
    const file = join(world.dataDir, 'local-runners', id, '.runner_system_id');
    return readFileSync(file, 'utf8').trim() === systemId;
  });
}

/** Where jobs of another user work: outside the runner's directory. */
function buildsOutside(id: string): string[] {
  const record = join(world.dataDir, 'local-runners', id, 'builds-dir');
  return existsSync(record) ? [readFileSync(record, 'utf8')] : [];
}

it('gives the job of a killed runner to another one, and clears away what is left of the first', async () => {
  world.sim.push(projectId);
  const job = await until('the job runs', () =>
    world.sim.jobs(projectId).find(({ status }) => status === 'running'),
  );
  const id = runnerOf(job.systemId, await localRunners(world.dataDir)) ?? '';
  const builds = buildsOutside(id);
  expect(killFamily(world, id)).toBeGreaterThan(2);

  const jobs = await jobsEnded(world, projectId);

  const first = world.sim.job(job.id);
  const [second] = jobs;
  expect(first).toMatchObject({ status: 'failed', failureReason: 'runner_system_failure', isRetried: true });
  expect(second).toMatchObject({ status: 'success', name: 'work' });
  expect(second?.systemId).not.toBe(first.systemId);
  await until('the killed runner is known to be gone', async () =>
    (await world.api(`/runners/${id}`)).body.state === 'terminated' ? true : undefined,
  );
  await until('nothing is left of both', async () =>
    (await localRunners(world.dataDir)).length === 0 ? true : undefined,
  );
  await until('the rows of both say so', async () =>
    (await world.api('/runners')).body.items.length === 0 ? true : undefined,
  );
  expect(builds).toHaveLength(process.getuid?.() === 0 ? 1 : 0);
  expect(builds.filter((path) => existsSync(path))).toEqual([]);
  const { body } = await world.api(`/audit?resource=${id}&limit=100`);
  expect(body.items.map(({ action }: { action: string }) => action).join()).toContain('machine_gone');
  expect(world.sim.violations).toEqual([]);
});
