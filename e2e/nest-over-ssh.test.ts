import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processesOf } from './support/processes.ts';
import { type Sshd, startSshd } from './support/sshd.ts';
import { createWorld, localEgg, until, type World } from './support/world.ts';

let world: World;
let sshd: Sshd;
let env: Record<string, string>;
let deployKey: string;

beforeEach(async () => {
  world = await createWorld();
  sshd = await startSshd({ authorizedKeys: [], root: world.dir });
  env = { GOSLING_NEST_URL: sshd.url('/nest.git') };
  const init = await world.cli(['init', '--path', world.nest.tree]);
  if (init.code !== 0) throw new Error(init.stderr);
  const shown = await world.cli(['secret', 'explain', 'deploy-keys/mothergoose-public', '--json']);
  deployKey = JSON.parse(shown.stdout).value;
});
afterEach(async () => {
  await world.remove();
  await sshd[Symbol.asyncDispose]();
  // The far end of a connection ends a moment after the near one.
  await until('nothing goes on', () => (processesOf(world).length === 0 ? true : undefined), 5_000);
});

it('reads the Nest with the deploy key that init made, and takes the next commit', async () => {
  sshd.authorize([deployKey]);
  const { id } = world.sim.addProject({ path: 'team/app', members: { ada: 'owner' } });
  await world.up(env);
  await statusShows('(success)');

  const commit = await world.pushNest({
    'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId: id }),
  });
  const status = await statusShows(commit.slice(0, 8));

  expect(status).toMatch(new RegExp(`app .*${commit.slice(0, 8)}`));
  expect(sshd.log()).toContain('Accepted publickey');
});

it('asks for its deploy key by name where it is refused, and goes on without a restart once it is there', async () => {
  const up = await world.up(env);
  const refused = await statusShows('GIT_DENIED');
  const code = (await world.cli(['status', '--exit-status'])).code;

  sshd.authorize([deployKey]);
  const status = await statusShows('(success)');

  expect(refused).toContain('never synced');
  expect(refused).toContain('gosling secret explain deploy-keys/mothergoose-public');
  expect(code).toBe(8);
  expect(status).not.toContain('✗');
  expect(up.child.exitCode).toBeNull();
});

it('does not read from a host with another key; what is in force stays so until it is put right', async () => {
  sshd.authorize([deployKey]);
  const { id } = world.sim.addProject({ path: 'team/app', members: { ada: 'owner' } });
  const commit = await world.pushNest({
    'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId: id }),
  });
  await world.up(env);
  await statusShows(commit.slice(0, 8));
  const known = join(world.dataDir, 'git/known_hosts');
  const learned = readFileSync(known, 'utf8');

  await sshd.changeHostKey();
  const next = await world.pushNest({ 'README.md': 'more\n' });
  const refused = await statusShows('the key of the host is not the known one');
  writeFileSync(known, '');
  // The commit is shown as soon as it is fetched, and the end of its sync a moment later.
  await statusShows(next.slice(0, 8));
  const status = await statusShows('(success)');

  expect(learned.trim()).toBe(sshd.knownHosts);
  expect(refused).toContain(`remove its line from ${known}`);
  expect(refused).toMatch(new RegExp(`app .*${commit.slice(0, 8)}`));
  expect(status).toContain(next.slice(0, 8));
  expect(status).not.toContain('✗');
  expect(readFileSync(known, 'utf8')).not.toBe(learned);
});

it('is looked at by doctor for each who reads it, with the key of each', async () => {
  sshd.authorize([deployKey]);
  const own = { env: { ...env, GOSLING_UGLYFOX_GIT: '1' } };
  const look = async (given: typeof own) => {
    const { stdout } = await world.cli(['doctor', '--json'], given);
    const { checks }: { checks: { id: string; result: string }[] } = JSON.parse(stdout);
    return checks.filter(({ id }) => id.startsWith('nest')).map(({ id, result }) => [id, result]);
  };
  const together = await look({ env: { ...env, GOSLING_UGLYFOX_GIT: '0' } });
  const refused = await look(own);
  const shown = await world.cli(['secret', 'explain', 'deploy-keys/uglyfox-public', '--json']);
  sshd.authorize([deployKey, JSON.parse(shown.stdout).value]);

  expect(together).toEqual([['nest', 'ok']]);
  expect(refused).toEqual([
    ['nest.MotherGoose', 'ok'],
    ['nest.UglyFox', 'fail'],
  ]);
  expect(await look(own)).toEqual([
    ['nest.MotherGoose', 'ok'],
    ['nest.UglyFox', 'ok'],
  ]);
});

function statusShows(text: string): Promise<string> {
  return until(`status shows ${text}`, async () => {
    const { stdout } = await world.cli(['status']);
    return stdout.includes(text) ? stdout : undefined;
  });
}
