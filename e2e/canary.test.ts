import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchCanaries } from './support/canary.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, publicHere, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
// A world that was ended is ended again without harm.
afterEach(() => world.remove().catch(() => undefined));

const leaked = (where: string) => expect.objectContaining({ message: expect.stringContaining(where) });

it('a job runs, and no secret is seen outside its place', async () => {
  const ciYaml = 'build:\n  script:\n    - sleep 1\n';
  const { id } = world.sim.addProject({ path: 'group/app', ciYaml, members: { ada: 'owner' } });
  const commit = await world.pushNest({
    'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId: id }),
  });
  await world.up(publicHere(world));
  await registered(world);
  world.sim.push(id);
  expect((await jobsEnded(world, id)).map(({ status }) => status)).toEqual(['success']);
  const whileItRuns = await world.canaries.scan();
  // The same look, for what does lie there.
  const control = watchCanaries(world);
  control.plant('a control', commit);
  const shown = await control.scan();
  control.stop();

  expect(whileItRuns).toEqual([]);
  expect(shown).toEqual(
    expect.arrayContaining([expect.stringMatching(/^a control in the file data\/gosling\.db/)]),
  );
  await expect(world.remove()).resolves.toBeUndefined();
  const met = ['runner/bootstrap-token', 'runner/agent-token', 'api-keys/cli-admin', 'store/keyring'];
  expect([...world.canaries.known()]).toEqual(expect.arrayContaining(met));
});

it.each([
  ['as it is', (token: string) => token],
  ['as base64', (token: string) => Buffer.from(`x:${token}`).toString('base64')],
  ['as hex', (token: string) => Buffer.from(token).toString('hex')],
])('a secret that lies in a file %s is found', async (_form, form) => {
  writeFileSync(join(world.dir, 'left-behind'), `some text ${form(world.apiToken)} and more`);

  await expect(world.remove()).rejects.toEqual(leaked('in the file left-behind'));
});

it('a secret in the arguments or the environment of a child is found', async () => {
  const more = { cwd: world.dir, stdio: 'ignore' } as const;
  const named = spawn('sleep', ['2'], {
    ...more,
    env: { PATH: process.env['PATH'] ?? '', LEAK: world.apiToken },
  });
  const told = spawn('sh', ['-c', 'sleep 2; true', world.apiToken], more);
  await Promise.all([once(named, 'exit'), once(told, 'exit')]);

  const ended: unknown = await world.remove().catch((error: unknown) => error);

  expect(ended).toEqual(leaked('in arguments'));
  expect(ended).toEqual(leaked('in environment LEAK='));
});

it('a secret in an output is found', async () => {
  await world.cli(['secret', 'list', world.apiToken]);
  await world.cli(['secret', world.apiToken]);

  await expect(world.remove()).rejects.toEqual(leaked('gosling secret'));
});
