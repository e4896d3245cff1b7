import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, localRunners, pace, root, until, type World } from './support/world.ts';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

let world: World;
let projectId: number;

beforeEach(async () => {
  world = await createWorld();
  // Only the data directory's own rights keep others out.
  chmodSync(world.dir, 0o755);
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', members: { ada: 'owner' } }));
  const runner = '    concurrent   = 2\n    idle_timeout = "30s"';
  await world.pushNest({ 'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId, runner }) });
});
afterEach(() => endWorld(world));

/** Starts a pipeline of one job; answers its id. */
function push(name: string, command: string): number {
  world.sim.setCiYaml(projectId, `${name}:\n  script:\n    - ${command}\n`);
  world.sim.push(projectId);
  return world.sim.jobs(projectId).find((job) => job.name === name)?.id ?? 0;
}

/** Plants a file that anybody might read, if the way to it were open. */
function plant(directory: string, name: string): string {
  const canary = `canary-${name}-7b1f`;
  writeFileSync(join(directory, 'canary'), canary, { mode: 0o644 });
  return canary;
}

async function secretsOf(url: string): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {
    'GitLab API token': world.apiToken,
    'API token of the CLI': readFileSync(join(world.dataDir, 'cli-token'), 'utf8'),
    'key of the secret file': readFileSync(join(world.dataDir, 'key/secrets.key'), 'utf8').trim(),
    'file in the data directory': plant(world.dataDir, 'data'),
  };
  expect(url).toMatch(/^http:/);
  for (const runner of world.sim.runners()) secrets[`runner token ${runner.id}`] = runner.token;
  for (const id of await localRunners(world.dataDir)) {
    const dir = join(world.dataDir, 'local-runners', id);
    const agent = await until(`agent ${id} has its token`, () => {
      const token = /"agent_token":\s*"([^"]+)"/.exec(readFileSync(join(dir, 'agent.json'), 'utf8'))?.[1];
      return token === undefined ? undefined : token;
    });
    secrets[`agent token of ${id}`] = agent;
    secrets[`file of runner ${id}`] = plant(dir, id);
  }
  return secrets;
}

it('gives a job that hunts for our key, data and environment nothing', async ({ skip }) => {
  skip(!isRoot, 'needs root: jobs get a system user of their own');
  const canaries = { AWS_SECRET_ACCESS_KEY: 'canary-env-41', TF_VAR_secret: 'canary-var-42' };
  const up = await world.up({ ...canaries, ...pace({ sweepEveryMs: 1_000 }), GOSLING_UNSAFE_LOCAL: '0' });
  await registered(world);
  cpSync(join(root, 'e2e/support/hunt.sh'), join(world.dir, 'hunt.sh'));
  const before = readFileSync(join(world.dataDir, 'url'), 'utf8');
  const sleeper = push('sleeper', 'sleep 12');
  await until('another job runs', () => (world.sim.job(sleeper).status === 'running' ? true : undefined));
  const secrets = await secretsOf(up.url);

  const hunter = push('hunter', `bash ${world.dir}/hunt.sh ${world.dataDir} ${new URL(up.url).port}`);
  const { status, trace } = await jobEnded(world, hunter);

  expect(status).toBe('success');
  expect(trace).toContain('--- hunted to the end');
  expect(trace).toMatch(/^who: gosling-job [1-9]\d*$/m);
  expect(trace).toMatch(/^runners:( \S+)+$/m);
  expect(Object.keys(secrets).length).toBeGreaterThan(6);
  const seen = Object.entries({ ...secrets, ...canaries }).filter(([, value]) => trace.includes(value));
  expect(seen).toEqual([]);
  const environment = trace.slice(trace.indexOf('--- environment'), trace.indexOf('--- processes'));
  expect(environment).toContain('CI_JOB_ID=');
  expect(environment).not.toMatch(/^(GOSLING|POLAR|NODE|AWS|TF)_/m);
  expect(trace).toMatch(/HTTP\/1\.1 401/);
  expect(trace).not.toMatch(/^uid=0/m);
  expect(readFileSync(join(world.dataDir, 'url'), 'utf8')).toBe(before);
  expect(await localRunners(world.dataDir)).not.toContain('mine');
});

const canLowerItself = isRoot && canReadCheckout();

/** Can another user run us from where we are? */
function canReadCheckout(): boolean {
  const script = `require('node:fs').accessSync(${JSON.stringify(join(root, 'apps/gosling/src/main.ts'))})`;
  return spawnSync(process.execPath, ['-e', script], { ...nobody, cwd: '/' }).status === 0;
}

it('refuses local runners where a job could read us, and says what to do', async ({ skip }) => {
  skip(!canLowerItself, 'needs root: the test becomes another user');
  const dataDir = join(world.dir, 'of-nobody');
  mkdirSync(dataDir, { mode: 0o700 });
  const reference = `gitlab/${world.server.replaceAll(':', '_')}/default/api-token`;
  const env = { GOSLING_DATA_DIR: dataDir, GOSLING_UNSAFE_LOCAL: '0', HOME: dataDir };
  const put = await world.cli(['secret', 'put', reference], { stdin: world.apiToken, env });
  expect(put.code).toBe(0);
  execFileSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, dataDir, world.nest.bare]);

  const up = await world.up({ ...env, ...pace({ sweepEveryMs: 1_000 }) }, nobody);
  await registered(world);
  const job = push('refused', 'echo never');
  const problem = await until('the Egg says so', async () => {
    const { body } = await up.api('/eggs/app/status');
    return body.problems?.find(({ code }: { code: string }) => code === 'LOCAL_REFUSED');
  });
  const why = await until('the job is known', async () => {
    const { body } = await up.api(`/why/${world.server}/${projectId}/${job}`);
    return body.verdict === 'waiting' ? body : undefined;
  });
  const status = await world.cli(['status'], { env });

  expect(problem.detail).toContain('run gosling up as root');
  expect(problem.detail).toContain('GOSLING_UNSAFE_LOCAL=1');
  expect(why.blockers.map(({ code }: { code: string }) => code)).toEqual(['LOCAL_REFUSED']);
  expect(status.stdout).toContain('LOCAL_REFUSED');
  expect(await localRunners(dataDir)).toEqual([]);
  expect((await up.api('/runners')).body.items).toEqual([]);
  expect(world.sim.job(job).status).toBe('pending');
  execFileSync('chown', ['-R', '0:0', world.nest.bare]);
});
