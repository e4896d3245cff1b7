import { describe, expect, it } from 'vitest';
import { defaultPool, type EggCloud, type EggConfig } from '../egg.ts';
import { eggName } from '../names.ts';
import type { CloudComputeSettings, ComputeSettings } from './compute-settings.ts';
import { refuseCloud } from './refuse-cloud.ts';

const runner = {
  ...{ tags: [], concurrent: 1, jobsPerRunner: 1, idleTimeoutMs: 600_000, executor: 'docker' as const },
  ...{ runUntagged: true, protected: false, locked: false },
};
const aws: CloudComputeSettings = {
  subnets: { 'eu-central-1a': 'subnet-a' },
  securityGroups: [],
  runnerImage: 'ecr/gosling',
  cluster: 'c',
  executionRole: 'r',
};
const yandex: CloudComputeSettings = {
  subnets: { 'ru-central1-a': 'e9b' },
  securityGroups: [],
  runnerImage: 'cr.yandex/gosling',
  invoker: 'aje',
};
const whole: ComputeSettings = { gosling: { version: '1.2.3', sha256: { amd64: 'a' } }, aws, yandex };
const publicUrl = 'https://gosling.example.com';

function anEgg(
  type: EggConfig['type'],
  over: Partial<EggCloud> = {},
  arch: 'amd64' | 'arm64' = 'amd64',
): EggConfig {
  const provider = over.provider ?? 'aws';
  return {
    ...{ name: eggName('web'), kind: 'egg', type, runner, scopes: [], environment: {} },
    cloud: {
      ...{ provider, region: provider === 'aws' ? 'eu-central-1' : 'ru-central1', zones: [] },
      ...{ spot: 'never', securityGroups: [], sshPublicKeys: [], ...over },
    },
    resources: { cpu: 2, memoryMib: 4096, diskGib: 20, arch },
    pool: defaultPool(runner),
    sourceFile: 'Eggs/web/config.fly',
  };
}

describe('an Egg in a cloud', () => {
  it.each([
    ['vm', 'aws'],
    ['serverless', 'aws'],
    ['vm', 'yandex'],
    ['serverless', 'yandex'],
    ['auto', 'aws'],
  ] as const)('of type %s is served on %s where that is set up', (type, provider) => {
    expect(refuseCloud(anEgg(type, { provider }), { compute: whole, publicUrl })).toBeUndefined();
  });

  it('on this host needs no cloud', () => {
    const local = anEgg('vm', { provider: 'local', region: 'here' });

    expect(refuseCloud(local, { compute: {}, publicUrl: undefined })).toBeUndefined();
  });

  it('of another cloud is refused, with where to describe it', () => {
    const refused = refuseCloud(anEgg('vm', { provider: 'yandex' }), { compute: { aws }, publicUrl });

    expect(refused).toEqual({
      code: 'CLOUD_NOT_SET_UP',
      detail: expect.stringMatching(/"yandex".*GOSLING_CLOUDS/),
    });
  });

  it.each([
    ['its machines cannot reach us', { egg: anEgg('vm'), publicUrl: undefined }, 'GOSLING_PUBLIC_URL'],
    [
      'no agent was published',
      { egg: anEgg('vm'), compute: { aws } },
      'tofu install VERSION --of gosling --platform linux_amd64',
    ],
    ['no agent of its architecture', { egg: anEgg('vm', {}, 'arm64') }, 'linux_arm64'],
    ['no subnet in its region', { egg: anEgg('vm', { region: 'us-east-1' }) }, 'in us-east-1'],
    [
      'no subnet in one of its zones',
      { egg: anEgg('vm', { zones: ['eu-central-1a', 'eu-central-1c'] }) },
      'in eu-central-1c:',
    ],
    ['no cluster', { egg: anEgg('serverless'), compute: { aws: { ...aws, cluster: '' } } }, 'aws.cluster'],
    [
      'no image',
      {
        egg: anEgg('serverless', { provider: 'yandex' }),
        compute: { yandex: { ...yandex, runnerImage: '' } },
      },
      'yandex.runner_image',
    ],
    [
      'nobody who invokes',
      { egg: anEgg('serverless', { provider: 'yandex' }), compute: { yandex: { ...yandex, invoker: '' } } },
      'yandex.invoker',
    ],
  ])('is refused when there is %s, with what to set', (_what, { egg, ...given }, word) => {
    const refused = refuseCloud(egg, { compute: whole, publicUrl, ...given });

    expect(refused).toEqual({ code: 'CLOUD_INCOMPLETE', detail: expect.stringContaining(word) });
  });

  it('is told all that is missing at once', () => {
    const refused = refuseCloud(anEgg('serverless'), {
      compute: { aws: { subnets: {}, securityGroups: [] } },
      publicUrl: undefined,
    });

    expect(refused?.detail.split('; ')).toHaveLength(5);
  });

  const withResources = (
    type: EggConfig['type'],
    { provider = 'aws', ...resources }: Partial<EggConfig['resources']> & Pick<Partial<EggCloud>, 'provider'>,
  ): EggConfig => {
    const egg = anEgg(type, { provider });
    return { ...egg, resources: { ...egg.resources, ...resources } };
  };

  it.each([
    ['vm', { cpu: 65 }, 'r6i.16xlarge has at most 64 processors: set resources { instance_type }'],
    ['vm', { memoryMib: 512 * 1024 + 1 }, 'at most 512 GiB of memory'],
    ['vm', { gpus: 1 }, 'set resources { instance_type }'],
    ['serverless', { cpu: 17 }, 'a task of Fargate has at most 16 processors: give the Egg type = "vm"'],
    ['serverless', { memoryMib: 120 * 1024 + 1 }, 'at most 120 GiB of memory'],
    ['serverless', { diskGib: 201 }, 'at most 200 GiB of disk'],
    [
      'serverless',
      { gpus: 1, instanceType: 'g5.xlarge' },
      'no graphics processors: give the Egg type = "vm"',
    ],
    ['vm', { provider: 'yandex', cpu: 97 }, 'standard-v3 with these cores has at most 96 processors'],
    ['vm', { provider: 'yandex', memoryMib: 640 * 1024 + 1 }, 'at most 640 GiB of memory'],
    ['vm', { provider: 'yandex', cpu: 90, memoryMib: 576 * 1024 + 1 }, 'at most 576 GiB of memory'],
    ['vm', { provider: 'yandex', gpus: 1 }, 'set resources { instance_type }'],
    ['serverless', { provider: 'yandex', cpu: 5 }, 'at most 4 processors'],
    ['serverless', { provider: 'yandex', memoryMib: 16 * 1024 }, 'at most 8 GiB of memory'],
  ] as const)('of type %s with %o is refused, with the next step', (type, resources, words) => {
    const refused = refuseCloud(withResources(type, resources), { compute: whole, publicUrl });

    expect(refused).toEqual({ code: 'CLOUD_TOO_SMALL', detail: expect.stringContaining(words) });
  });

  it.each([
    ['vm', { cpu: 64, memoryMib: 512 * 1024 }],
    ['vm', { cpu: 200, gpus: 8, instanceType: 'p5.48xlarge' }],
    ['serverless', { cpu: 16, memoryMib: 120 * 1024, diskGib: 200 }],
    ['vm', { provider: 'yandex', cpu: 96, memoryMib: 576 * 1024 }],
    ['vm', { provider: 'yandex', cpu: 2, memoryMib: 640 * 1024 }],
    ['vm', { provider: 'yandex', cpu: 224, gpus: 8, instanceType: 'gpu-standard-v3' }],
    ['serverless', { provider: 'yandex', cpu: 4, memoryMib: 8192 }],
  ] as const)('of type %s with %o gets the biggest there is', (type, resources) => {
    expect(refuseCloud(withResources(type, resources), { compute: whole, publicUrl })).toBeUndefined();
  });

  it('needs no agent and no subnet of the installation where it does without', () => {
    const own = anEgg('vm', { subnet: 'subnet-own', region: 'us-east-1' });

    expect(refuseCloud(own, { compute: whole, publicUrl })).toBeUndefined();
    expect(refuseCloud(anEgg('serverless'), { compute: { aws }, publicUrl })).toBeUndefined();
  });
});
