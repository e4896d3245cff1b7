import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { agentSha256, publishAgent, sha256 } from './support/published-agent.ts';
import {
  findSnapshotMirror,
  installSnapshotProvider,
  noSnapshotMirrorReason,
  type SnapshotProvider,
} from './support/snapshot-provider.ts';
import { createWorld, localEgg, pace, publicHere, root, until, type World } from './support/world.ts';
import { serveYandexCloud, type YandexCloud, yandexNames } from './support/yandex-cloud.ts';

const clouds = {
  yandex: {
    ...{
      cloud_id: 'b1g0',
      folder_id: 'b1gf',
      subnets: { 'ru-central1-a': 'e9b0' },
      security_groups: ['enp0'],
    },
    ...{ runner_image: 'cr.yandex/crp0/gosling:1.2.3', network_id: 'enpn0', invoker: 'aje1' },
  },
};
const container = { id: 'bba0', url: 'https://bba0.containers.yandexcloud.net/' };
/** What the snapshot's provider answers, where a made-up value is not enough. */
const answers = {
  'yandex_compute_instance.status': 'RUNNING',
  'data.yandex_compute_image.id': 'fd80newest',
  'yandex_serverless_container.id': container.id,
  'yandex_serverless_container.url': container.url,
};
/** A bound for a hung test: of two cores that others load, each run of OpenTofu takes its part. */
const patienceMs = 150_000;

let world: World;
let notes: string;
/** The container's disk: a machine of its own, which keeps its runner's token. */
let home: string;
let projectId: number;
const agents: ChildProcess[] = [];

beforeEach(async () => {
  world = await createWorld();
  notes = mkdtempSync(join(tmpdir(), 'gosling-made-'));
  home = mkdtempSync(join(tmpdir(), 'gosling-container-'));
  const ciYaml = 'work:\n  script:\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) {
    if (agent.exitCode !== null || agent.signalCode !== null) continue;
    agent.kill('SIGKILL');
    await once(agent, 'close');
  }
  for (const dir of [notes, home]) rmSync(dir, { recursive: true, force: true });
  await endWorld(world);
});

function yandexEgg(type: 'vm' | 'serverless'): string {
  const runner = '    max_jobs     = 1\n    idle_timeout = "30s"';
  return localEgg(world, { name: 'app', projectId, runner })
    .replace('type = "vm"', `type = "${type}"`)
    .replace(
      'provider = "local"\n    region   = "here"',
      'provider = "yandex"\n    region   = "ru-central1"',
    );
}

/** What the container of `infra/compute/yandex/container` does with the body of its invocation. */
function invoke(body: string): { agent: ChildProcess; said: () => string } {
  const request = join(home, 'request');
  writeFileSync(request, body, { mode: 0o600 });
  const env = { PATH: world.env['PATH'] ?? '', HOME: home, TMPDIR: home, REQUEST_PATH: request };
  const main = join(root, 'apps/gosling/src/main.ts');
  const agent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'runner'], {
    ...{ env, cwd: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  agents.push(agent);
  let said = '';
  for (const stream of [agent.stdout, agent.stderr]) stream.on('data', (chunk) => (said += chunk));
  return { agent, said: () => said };
}

async function runners() {
  return (await world.api('/runners')).body.items;
}

interface Served {
  readonly provider: SnapshotProvider;
  readonly authority: Authority;
}

/** The program as it is run, with the strict fake where Yandex Cloud is and a provider that is asked in its place. */
async function serve(yandex: YandexCloud, at: Served): Promise<void> {
  yandex.cloud.containers.add(container.id);
  const key = { stdin: yandex.cloud.keyJson };
  const put = await world.cli(['secret', 'put', 'clouds/yandex/service-account-key'], key);
  expect(put.code, put.stderr).toBe(0);
  await world.up({
    ...publicHere(world),
    ...pace({ sweepEveryMs: 1_000 }),
    GOSLING_CLOUDS: JSON.stringify(clouds),
    ...{ HTTPS_PROXY: yandex.proxy, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: at.authority.caFile },
  });
  await registered(world);
}

function prepare(mirror: string): Served {
  const { dataDir } = world;
  const known = { cloud: 'yandex', mirror, dataDir, notes, answers } as const;
  const provider = installSnapshotProvider({ ...known, keys: ['YC_TOKEN'] });
  const names = [...yandexNames, 'IP:127.0.0.1'];
  return { provider, authority: createAuthority(join(world.dir, 'authority'), names) };
}

/** All that was asked of the cloud is what it documents; the provider has one of our tokens, and nothing else of ours. */
function expectOnlyDocumented({ cloud, strangers }: YandexCloud, { provider }: Served): void {
  const given = Array.from({ length: cloud.tokensGiven() }, (_, count) => sha256(`t1.fake-${count}`));
  expect(cloud.complaints).toEqual([]);
  expect(strangers).toEqual([]);
  expect(given).toContain(provider.keySha256());
  expect(provider.environmentNames()).not.toMatch(/^(GOSLING|POLAR|NODE|VAULT|AWS)_/m);
}

describe('an Egg of Yandex Cloud, served by the program as it is run', { timeout: 400_000 }, () => {
  it('has its job done by an invocation of its container, of which nothing is left', async ({ skip }) => {
    const mirror = findSnapshotMirror();
    skip(mirror === undefined, noSnapshotMirrorReason);
    await world.pushNest({ 'Eggs/app/config.fly': yandexEgg('serverless') });
    const served = prepare(mirror ?? '');
    await using yandex = await serveYandexCloud(served.authority);
    const { cloud } = yandex;
    await serve(yandex, served);
    world.sim.push(projectId);

    const taken = await until('the container is invoked', () => cloud.taken[0], patienceMs);
    const [runner] = await runners();
    const { agent, said } = invoke(taken.body);
    const [job] = await jobsEnded(world, projectId, patienceMs);
    const [code] = agent.exitCode === null ? await once(agent, 'close') : [agent.exitCode];
    await until('the runner is closed', async () => ((await runners()).length === 0 ? true : undefined));
    const made = served.provider.asked('yandex_serverless_container');
    world.canaries.note('the agent of an invocation', said());

    expect(job?.status, said()).toBe('success');
    expect(code, said()).toBe(0);
    expect(JSON.parse(taken.body)).toMatchObject({ runner_id: runner.id, egg_name: 'app' });
    expect(made.map(({ action }) => action)).toEqual(['create', 'delete']);
    expect(made[0].values).toMatchObject({
      ...{ concurrency: 1, execution_timeout: '3600s', cores: 2 },
      labels: { 'polar-gosling-egg': 'app' },
    });
    expect(cloud.taken).toHaveLength(1);
    expect(existsSync(join(home, 'request'))).toBe(false);
    expectOnlyDocumented(yandex, served);
  });

  it('gets a VM that fetches the agent which is in force', async ({ skip }) => {
    const mirror = findSnapshotMirror();
    skip(mirror === undefined, noSnapshotMirrorReason);
    await world.pushNest({ 'Eggs/app/config.fly': yandexEgg('vm') });
    const served = prepare(mirror ?? '');
    await using yandex = await serveYandexCloud(served.authority);
    await serve(yandex, served);
    await publishAgent(world, served.authority);
    world.sim.push(projectId);

    const { asked } = served.provider;
    const instance = await until('a VM is made', () => asked('yandex_compute_instance')[0], patienceMs);
    const [runner] = await runners();

    expect(instance.values).toMatchObject({
      zone: 'ru-central1-a',
      labels: { 'polar-gosling-egg': 'app', 'polar-gosling-runner': runner.id },
      boot_disk: [{ initialize_params: [{ image_id: answers['data.yandex_compute_image.id'] }] }],
      network_interface: [{ subnet_id: 'e9b0', security_group_ids: ['enp0'] }],
    });
    const userData = instance.values.metadata['user-data'];
    const files = [...userData.matchAll(/content: "([A-Za-z0-9+/=]+)"/g)].map(([, part]) => atob(part));
    expect(files.join('\n')).toContain(`RUNNER_ID="${runner.id}"`);
    expect(files.join('\n')).toContain(agentSha256);
    expectOnlyDocumented(yandex, served);
  });
});
