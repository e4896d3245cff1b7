import type { EggStatus, Runner } from '@polar-gosling/api-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, pace, type Running, until, type World } from './support/world.ts';

let world: World;
let up: Running;
let projectId: number;

beforeAll(async () => {
  world = await createWorld();
  const ciYaml = 'work:\n  script:\n    - echo "made by $MADE_BY"\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  await pushEgg('one');
  up = await world.up(pace({ sweepEveryMs: 1_000 }));
  await registered(world);
});
afterAll(() => endWorld(world));

/** The value of an environment variable is part of what shapes a machine. */
function pushEgg(madeBy: string, tags: readonly string[] = []): Promise<string> {
  const body = `\n  environment {\n    MADE_BY = "${madeBy}"\n  }\n`;
  const runner = '    concurrent   = 1\n    idle_timeout = "1h"';
  const text = localEgg(world, { name: 'app', projectId, tags, runner, body });
  return world.pushNest({ 'Eggs/app/config.fly': text });
}

async function status(): Promise<EggStatus> {
  return (await world.api('/eggs/app/status')).body;
}

/** Pushes to the project; answers what its job printed and the runner that is there afterwards. */
async function build(): Promise<{ log: string; runner: Runner }> {
  world.sim.push(projectId);
  const job = (await jobsEnded(world, projectId)).toSorted((a, b) => a.id - b.id).at(-1);
  expect(job?.status).toBe('success');
  const runner = await until('its runner is idle again', async () => {
    const { body } = await world.api('/runners?state=idle');
    return body.items[0];
  });
  return { log: job?.trace ?? '', runner };
}

/** The only runner is one of these machines. */
function replacedBy(machineHash: string | undefined): Promise<unknown> {
  return until('the runner is replaced or gone', async () => {
    const runners: Runner[] = (await world.api('/runners?limit=100')).body.items;
    return runners.every((runner) => runner.machine_hash === machineHash) ? true : undefined;
  });
}

function synced(commit: string): Promise<unknown> {
  return until('the commit is in force', async () => {
    const { body } = await world.api('/health');
    return body.nest.commit === commit ? true : undefined;
  });
}

it('goes back to the machines of before, keeps to them, and comes forward again', async () => {
  const first = await build();
  const { machine_hash: oldHash, deployment: oldDeployment } = await status();
  await synced(await pushEgg('two'));
  const newHash = await until('the machines of the new commit are in force', async () => {
    const { machine_hash: hash, deployment } = await status();
    return hash !== oldHash && deployment?.id !== oldDeployment?.id ? hash : undefined;
  });
  await replacedBy(newHash);
  const second = await build();

  const dry = await world.cli(['rollback', '--egg', 'app', '--dry-run', '--json']);
  const untouched = await status();
  const done = await world.cli(['rollback', '--egg', 'app', '--yes', '--json']);
  await replacedBy(oldHash);
  const third = await build();
  const pinned = await status();
  const shown = await world.cli(['status']);

  expect([first.log, second.log, third.log]).toEqual([
    expect.stringContaining('made by one'),
    expect.stringContaining('made by two'),
    expect.stringContaining('made by one'),
  ]);
  expect([dry.code, untouched.machine_hash, untouched.pinned]).toEqual([0, newHash, undefined]);
  expect(JSON.parse(dry.stdout).items[0]).toMatchObject({
    dry_run: true,
    changes: [{ path: 'environment.MADE_BY', before: 'two', after: 'one', machine: true }],
    runners: { replaced: [second.runner.id] },
  });
  expect(done.code).toBe(0);
  expect([third.runner.machine_hash, pinned.machine_hash]).toEqual([oldHash, oldHash]);
  expect(pinned.pinned).toMatchObject({ deployment_id: oldDeployment?.id });
  expect(shown.stdout).toMatch(/app +pinned/);

  // A commit that changes no machine leaves the pin; lifting it brings the machines of the Nest.
  await synced(await pushEgg('two', ['linux']));
  expect((await status()).pinned).toBeDefined();
  const lifted = await world.cli(['rollback', '--egg', 'app', '--unpin', '--yes']);
  await replacedBy(newHash);
  const after = await status();

  expect([lifted.code, after.machine_hash, after.pinned]).toEqual([0, newHash, undefined]);
  expect((await world.cli(['rollback', '--egg', 'app', '--unpin', '--yes'])).code).toBe(6);
  expect(world.sim.violations).toEqual([]);
  expect(await up.kill('SIGTERM')).toBe(0);
});
