import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Authority, createAuthority } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { registered } from './support/jobs.ts';
import { agentSha256, publishAgent, sha256 } from './support/published-agent.ts';
import {
  findSnapshotMirror,
  installSnapshotProvider,
  noSnapshotMirrorReason,
  readIfThere,
} from './support/snapshot-provider.ts';
import { createWorld, localEgg, pace, publicHere, until, type World } from './support/world.ts';

const keyId = 'AKIAPOLARTESTCANARY1';
const key = 'canary-of-the-cloud-key-0123456789abcdef';
const clouds = {
  aws: {
    subnets: { 'eu-central-1a': 'subnet-0a', 'us-east-1a': 'subnet-far' },
    security_groups: ['sg-0'],
    runner_image: '111122223333.dkr.ecr.eu-central-1.amazonaws.com/gosling:1.2.3',
    cluster: 'arn:aws:ecs:eu-central-1:111122223333:cluster/gosling',
    execution_role: 'arn:aws:iam::111122223333:role/gosling/execution',
  },
};
/** What the snapshot's provider answers, where a made-up value is not enough. */
const answers = {
  'aws_instance.instance_state': 'running',
  'data.aws_ssm_parameter.insecure_value': 'ami-0d12ebian',
};
/** A bound for a hung test: of two cores that others load, each run of OpenTofu takes its part. */
const patienceMs = 150_000;
const mg = 'mothergoose {\n  cloud {\n    provider = "aws"\n    region = "eu-central-1"\n  }\n}\n';

let world: World;
let authority: Authority;
let made: string;
const projects = new Map<string, number>();

beforeEach(async () => {
  world = await createWorld();
  authority = createAuthority(join(world.dir, 'authority'));
  made = mkdtempSync(join(tmpdir(), 'gosling-made-'));
  for (const name of ['vm', 'task', 'far']) {
    const ciYaml = `work:\n  tags: [${name}]\n  script:\n    - echo done\n`;
    const { id } = world.sim.addProject({ path: `team/${name}`, ciYaml, members: { ada: 'owner' } });
    projects.set(name, id);
  }
  await world.pushNest({
    'MG/config.fly': mg,
    'Eggs/vm/config.fly': cloudEgg('vm', { type: 'vm' }),
    'Eggs/task/config.fly': cloudEgg('task', { type: 'serverless' }),
    'Eggs/far/config.fly': cloudEgg('far', {
      type: 'vm',
      cloud: '  cloud {\n    provider = "yandex"\n    region   = "ru-central1"\n  }\n\n',
    }),
  });
});
afterEach(async () => {
  rmSync(made, { recursive: true, force: true });
  await endWorld(world);
});

function cloudEgg(name: string, at: { type: string; cloud?: string }): string {
  const local = localEgg(world, { name, projectId: projects.get(name) ?? 0, tags: [name] });
  return local
    .replace('type = "vm"', `type = "${at.type}"`)
    .replace(/ {2}cloud \{[^}]*\}\n\n/, at.cloud ?? '');
}

describe('Eggs in a cloud, served by the program as it is run', { timeout: 400_000 }, () => {
  it('get their machines by OpenTofu; one of a cloud that is not set up says so and holds up no other', async ({
    skip,
  }) => {
    const mirror = findSnapshotMirror();
    skip(mirror === undefined, noSnapshotMirrorReason);
    const { dataDir } = world;
    const { asked, keySha256, environmentNames } = installSnapshotProvider({
      ...{ cloud: 'aws', mirror: mirror ?? '', dataDir, notes: made, answers },
      keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    });
    for (const [name, value] of [
      ['access-key-id', keyId],
      ['secret-access-key', key],
    ] as const) {
      const put = await world.cli(['secret', 'put', `clouds/aws/${name}`], { stdin: value });
      expect(put.code, put.stderr).toBe(0);
    }
    await world.up({
      ...publicHere(world),
      ...pace({ sweepEveryMs: 1_000 }),
      GOSLING_CLOUDS: JSON.stringify(clouds),
      NODE_EXTRA_CA_CERTS: authority.caFile,
    });
    await registered(world, 3);
    for (const id of projects.values()) world.sim.push(id);

    const lacking = await until('the VM’s Egg says what it lacks', () => problemOf('vm'), patienceMs);
    await publishAgent(world, authority);
    const [instance] = await until('a VM is made', () => some(asked('aws_instance')), patienceMs);
    const [service] = await until('a task is made', () => some(asked('aws_ecs_service')), patienceMs);
    const vmState = await until('the VM’s state is kept', () => stateOf('vm'), patienceMs);
    const taskState = await until('the task’s state is kept', () => stateOf('task'), patienceMs);
    const notSetUp = await until('the other cloud’s Egg says why', () => problemOf('far'), patienceMs);
    const far = projects.get('far') ?? 0;
    const [waiting] = world.sim.jobs(far);
    const why = await world.api(`/why/${world.server}/${far}/${waiting?.id}`);
    const status = await world.cli(['status']);
    const runners = (await world.api('/runners')).body.items;

    expect(lacking).toMatchObject({ code: 'CLOUD_INCOMPLETE' });
    expect(lacking.detail).toContain('gosling tofu install VERSION --of gosling --platform linux_amd64');
    const vm = runners.find(({ egg_name: egg }: { egg_name: string }) => egg === 'vm');
    const { values } = instance;
    expect(values).toMatchObject({
      ...{ region: 'eu-central-1', availability_zone: 'eu-central-1a', subnet_id: 'subnet-0a' },
      ami: answers['data.aws_ssm_parameter.insecure_value'],
      tags: { 'polar-gosling-egg': 'vm', 'polar-gosling-runner': vm.id },
    });
    const userData = unpack(values.user_data_base64);
    expect(decoded(userData)).toContain(`RUNNER_ID="${vm.id}"`);
    expect(decoded(userData)).toContain(agentSha256);
    expect(service.values).toMatchObject({ cluster: clouds.aws.cluster, launch_type: 'FARGATE' });
    // A state holds what the cloud was told, one-time tokens included: nobody reads it from a disk.
    const [container] = JSON.parse(asked('aws_ecs_task_definition')[0].values.container_definitions);
    const tokens = [tokenOf(userData), environmentOf(container)['GOSLING_BOOTSTRAP_TOKEN']];
    expect(tokens).toEqual([expect.stringMatching(/^\S{20,}$/), expect.stringMatching(/^\S{20,}$/)]);
    for (const state of [vmState, taskState]) {
      expect(JSON.parse(state)).toMatchObject({
        lineage: expect.any(String),
        encrypted_data: expect.any(String),
      });
      expect(state).not.toContain('"resources"');
      for (const text of [...tokens, values.user_data_base64]) expect(state).not.toContain(text);
    }
    expect(notSetUp).toMatchObject({ code: 'CLOUD_NOT_SET_UP' });
    expect(why.body.blockers.map(({ code }: { code: string }) => code)).toEqual(['CLOUD_NOT_SET_UP']);
    expect(status.stdout).toContain('CLOUD_NOT_SET_UP');
    expect(runners.map(({ egg_name: egg }: { egg_name: string }) => egg).toSorted()).not.toContain('far');

    // The provider has its key and nothing else of ours. (That the key is nowhere else, the world's end looks.)
    expect(keySha256()).toBe(sha256(`${keyId}:${key}`));
    expect(environmentNames()).not.toMatch(/^(GOSLING|POLAR|NODE|VAULT|YC)_/m);
  });
});

function some<One>(found: readonly One[]): readonly [One] | undefined {
  const [first] = found;
  return first === undefined ? undefined : [first];
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers
async function problemOf(egg: string): Promise<any> {
  const { body } = await world.api(`/eggs/${egg}/status`);
  return body.problems?.find(({ code }: { code: string }) => code.startsWith('CLOUD_'));
}

function unpack(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  return bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
}

/** The state of an Egg's first shard, as it lies in the data directory; nothing before there is one. */
function stateOf(egg: string): string | undefined {
  return readIfThere(join(world.dataDir, 'tofu-states', egg, 'terraform.tfstate')) || undefined;
}

function tokenOf(userData: string): string {
  const [, base64 = ''] = /bootstrap-token\n(?:.*\n){2}.*content: "(.*)"/.exec(userData) ?? [];
  return Buffer.from(base64, 'base64').toString();
}

function environmentOf(container: { environment: { name: string; value: string }[] }) {
  return Object.fromEntries(container.environment.map(({ name, value }) => [name, value]));
}

/** What stands in a cloud-init in base64, in clear. */
function decoded(userData: string): string {
  const parts = userData.matchAll(/content: "([A-Za-z0-9+/=]+)"/g);
  return [...parts].map(([, part]) => Buffer.from(part ?? '', 'base64').toString()).join('\n');
}
