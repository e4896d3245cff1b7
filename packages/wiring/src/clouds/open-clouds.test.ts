import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeCloud, startFakeCloud } from '@polar-gosling/adapter-yandex/fake-cloud';
import { createMasker, Secret } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkClouds } from './check-clouds.ts';
import { openClouds, readClouds } from './open-clouds.ts';
import { cloudSecrets } from './provider-env.ts';

const options = { signal: new AbortController().signal };
const clock = createFakeClock();
const file = {
  aws: {
    subnets: { 'eu-central-1a': 'subnet-0a' },
    ...{ security_groups: ['sg-0'], runner_image: 'ecr/gosling', task_role: 'arn:role' },
    ...{ cluster: 'arn:cluster', execution_role: 'arn:execution', log_group: 'runners' },
  },
  yandex: {
    ...{ cloud_id: 'b1g0', folder_id: 'b1g1', subnets: { 'ru-central1-a': 'e9b0' } },
    ...{ runner_image: 'cr.yandex/gosling', service_account: 'aje0', invoker: 'aje1', network_id: 'enp0' },
  },
};
let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud(clock);
});
afterEach(() => cloud.close());

async function depsOf(given: object, environment: Record<string, string> = {}) {
  const secrets = createMemorySecrets();
  const settings = await readClouds(JSON.stringify(given));
  const yandexAt = {
    ...{ iamUrl: cloud.url, computeUrl: cloud.url, metadataUrl: cloud.url },
    isContainer: (url: URL) => url.origin === cloud.url,
  };
  return { settings, secrets, environment, clock, masker: createMasker(), yandexAt };
}

async function open(given: object, environment: Record<string, string> = {}) {
  const deps = await depsOf(given, environment);
  return { secrets: deps.secrets, clouds: await openClouds(deps) };
}

describe('the file of the clouds', () => {
  it('is a path or the text itself, and nothing is no cloud', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'clouds-'));
    writeFileSync(join(dir, 'clouds.json'), JSON.stringify(file));

    const read = await readClouds(join(dir, 'clouds.json'));
    rmSync(dir, { recursive: true });

    expect(read).toEqual(await readClouds(JSON.stringify(file)));
    expect(read.aws?.compute).toEqual({
      ...{ subnets: { 'eu-central-1a': 'subnet-0a' }, securityGroups: ['sg-0'], runnerImage: 'ecr/gosling' },
      ...{ role: 'arn:role', cluster: 'arn:cluster', executionRole: 'arn:execution', logGroup: 'runners' },
    });
    expect(read.yandex).toMatchObject({
      cloudId: 'b1g0',
      folderId: 'b1g1',
      compute: { invoker: 'aje1', folderId: 'b1g1' },
    });
    expect(await readClouds(undefined)).toEqual({});
  });

  it('tells every mistake at once, with its place', async () => {
    const wrong = { aws: { subnets: ['x'], clutser: 'c' }, yandex: {} };

    const failed = await readClouds(JSON.stringify(wrong)).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code: 'CLOUDS_WRONG' });
    for (const word of ['aws.subnets', 'clutser', 'yandex.cloud_id', 'yandex.folder_id']) {
      expect(String(failed)).toContain(word);
    }
  });

  it.each([
    ['/no/such/clouds.json', 'CLOUDS_UNREADABLE'],
    ['{', 'CLOUDS_WRONG'],
  ])('that is %s is an error of its own', async (place, code) => {
    await expect(readClouds(place)).rejects.toMatchObject({ code });
  });
});

describe('what a provider gets', () => {
  const host = {
    ...{ AWS_ROLE_ARN: 'arn:r', AWS_WEB_IDENTITY_TOKEN_FILE: '/t', HOME: '/root', VAULT_TOKEN: 'canary' },
    ...{ GOSLING_DATA_DIR: '/d', YC_TOKEN: 'of-the-shell', AWS_PROFILE: '' },
  };

  it('on AWS is the stored key alone, else what the host’s role is found by', async () => {
    const { secrets, clouds } = await open(file, host);
    const before = await clouds.environmentOf('aws', options);
    await secrets.write(cloudSecrets.awsKeyId, new Secret('AKIA'), options);
    const half = clouds.environmentOf('aws', options);
    await expect(half).rejects.toMatchObject({
      code: 'CLOUDS_HALF_KEY',
      message: expect.stringContaining('gosling secret put clouds/aws/secret-access-key'),
    });
    await secrets.write(cloudSecrets.awsKey, new Secret('s'), options);

    expect(before).toEqual({ AWS_ROLE_ARN: 'arn:r', AWS_WEB_IDENTITY_TOKEN_FILE: '/t' });
    expect(await clouds.environmentOf('aws', options)).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 's',
    });
  });

  it('on Yandex Cloud is a short-lived token and never the key it was made with', async () => {
    const { secrets, clouds } = await open(file, host);
    await secrets.write(cloudSecrets.yandexKey, new Secret(cloud.keyJson), options);

    const environment = await clouds.environmentOf('yandex', options);

    expect(environment).toEqual({ YC_TOKEN: 't1.fake-0', YC_CLOUD_ID: 'b1g0', YC_FOLDER_ID: 'b1g1' });
    expect(cloud.complaints).toEqual([]);
  });

  it('is nothing where the cloud is not set up', async () => {
    const { clouds } = await open({ aws: file.aws });

    expect(await clouds.environmentOf('yandex', options)).toBeUndefined();
    expect(clouds.runnerStart).toBeUndefined();
    expect(Object.keys(clouds.machines)).toEqual(['aws']);
    expect(Object.keys(clouds.compute)).toEqual(['aws']);
  });
});

it('starts a serverless runner and sees machines with the service account of the host', async () => {
  const { clouds } = await open({ yandex: file.yandex });
  cloud.containers.add('bba0');
  const labels = {
    'polar-gosling-installation': 'i',
    'polar-gosling-egg': 'web',
    'polar-gosling-runner': 'r1',
  };
  cloud.instances.push({ folder: 'b1g1', status: 'RUNNING', labels });

  await clouds.runnerStart?.start(
    {
      ...{ runnerId: 'r2', eggName: 'web', goslingUrl: 'https://gosling.example.com' },
      container: { id: 'bba0', url: cloud.addressOf('bba0') },
      bootstrapToken: new Secret('one-time'),
    },
    options,
  );
  const machine = {
    ...({ runnerId: 'r1', type: 'vm', region: 'ru-central1' } as const),
    ...{ installation: 'i', name: 'runner-r1', folder: 'b1g1' },
  };
  const seen = await clouds.machines.yandex?.status(machine, options);

  expect(cloud.taken).toHaveLength(1);
  expect(seen).toMatchObject({ runnerId: 'r1', egg: 'web', state: 'running' });
  expect(cloud.complaints).toEqual([]);
});

describe('the look of the doctor', () => {
  it('says that a cloud answers, and what is wrong with one that does not', async () => {
    const deps = await depsOf({ yandex: file.yandex });
    const good = await checkClouds(deps, options);
    cloud.fail(403);

    expect(good).toMatchObject([{ name: 'Yandex Cloud', ok: true }]);
    expect(await checkClouds(deps, options)).toMatchObject([
      { name: 'Yandex Cloud', ok: false, detail: expect.stringContaining('403'), fix: expect.any(String) },
    ]);
  });

  it('says which setting tells where to ask', async () => {
    expect(await checkClouds(await depsOf({ aws: {} }), options)).toMatchObject([
      { name: 'AWS', ok: false, fix: expect.stringContaining('aws.subnets') },
    ]);
  });
});
