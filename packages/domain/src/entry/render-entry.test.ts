import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EggCloud, EggConfig, EggResources } from '../egg.ts';
import { defaultPool } from '../egg.ts';
import { machineHash } from '../hashes.ts';
import { eggName, runnerId } from '../names.ts';
import { cloudTags, ownerOf } from './cloud-tags.ts';
import type { ComputeSettings } from './compute-settings.ts';
import { ec2InstanceTypes, fargateSize, yandexContainerSize, yandexVmSize } from './instance-types.ts';
import { chooseLaunch, launchOrder } from './launch-order.ts';
import { type EntryRequest, renderRunnerEntry } from './render-entry.ts';

const runner = {
  tags: [],
  concurrent: 1,
  jobsPerRunner: 1,
  idleTimeoutMs: 600_000,
  executor: 'docker' as const,
  runUntagged: true,
  protected: false,
  locked: false,
};
const plain: EggConfig = {
  name: eggName('Web_App'),
  kind: 'egg',
  type: 'vm',
  cloud: {
    provider: 'aws',
    region: 'eu-central-1',
    zones: [],
    spot: 'never',
    securityGroups: [],
    sshPublicKeys: [],
  },
  resources: { cpu: 2, memoryMib: 4096, diskGib: 20 },
  runner,
  scopes: [],
  environment: {},
  pool: defaultPool(runner),
  sourceFile: 'Eggs/web/config.fly',
};
const compute: ComputeSettings = {
  gosling: { version: '1.2.3', sha256: { amd64: 'a', arm64: 'b' } },
  aws: {
    subnets: { 'eu-central-1a': 'subnet-a', 'eu-central-1b': 'subnet-b', 'us-east-1a': 'subnet-far' },
    securityGroups: ['sg-0'],
    runnerImage: 'ecr/gosling',
    cluster: 'c',
  },
  yandex: { subnets: { a: 'e9b' }, securityGroups: [] },
};
const withCloud = (cloud: Partial<EggCloud>, resources: Partial<EggResources> = {}): EggConfig => ({
  ...plain,
  cloud: { ...plain.cloud, ...cloud },
  resources: { ...plain.resources, ...resources },
});
const request = {
  runnerId: runnerId('01jx'),
  type: 'vm' as const,
  bootstrapToken: 'bt',
  goslingUrl: 'https://gosling.example.com',
  installation: '0a1b',
  machineHash: 'f'.repeat(64),
  compute,
};

describe('the entry of a runner', () => {
  it('is JSON without holes, and the same for the same Egg and launch', () => {
    const entry = renderRunnerEntry(plain, request);

    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
    expect(renderRunnerEntry(structuredClone(plain), request)).toEqual(entry);
  });

  it('has for this host nothing of a cloud', () => {
    const entry = renderRunnerEntry(withCloud({ provider: 'local', region: '' }), request);

    expect(Object.keys(entry).toSorted()).toEqual([
      ...['bootstrap_token', 'cpu', 'disk_gib', 'egg_name', 'executor', 'gosling_url', 'memory_mib', 'name'],
      ...['provider', 'runner_id', 'tags', 'type'],
    ]);
  });

  it('lets a container on this host be privileged only where jobs run in it and the Egg says so', () => {
    const local = withCloud({ provider: 'local', region: '', image: 'ci:1' });
    const docker = { privileged: true, volumes: [], allowedImages: [] };
    const entryOf = (executor: 'shell' | 'docker', over: object = {}) =>
      renderRunnerEntry({ ...local, runner: { ...runner, executor, ...over } }, request);

    expect(entryOf('shell')).toMatchObject({ image: 'ci:1', executor: 'shell' });
    expect(entryOf('shell')).not.toHaveProperty('privileged');
    expect(entryOf('docker', { docker })).not.toHaveProperty('privileged');
    expect(entryOf('shell', { docker })).toMatchObject({ privileged: true });
  });

  it('takes what the Egg says before what the installation has', () => {
    const own = {
      subnet: 'subnet-x',
      securityGroups: ['sg-x'],
      image: 'ami-x',
      instanceProfile: 'ci',
      zones: ['eu-central-1a'],
    };

    expect(renderRunnerEntry(withCloud(own), request)).toMatchObject({
      ...{
        subnet_id: 'subnet-x',
        security_group_ids: ['sg-x'],
        image: 'ami-x',
        role: 'ci',
        zone: 'eu-central-1a',
      },
    });
    expect(renderRunnerEntry(plain, request)).toMatchObject({
      ...{
        subnet_id: 'subnet-a',
        security_group_ids: ['sg-0'],
        zone: 'eu-central-1a',
        instance_type: 'c6i.large',
      },
      image: 'resolve:ssm:/aws/service/debian/release/12/latest/amd64',
    });
  });

  it('names the agent of its own architecture', () => {
    const arm = renderRunnerEntry(withCloud({}, { arch: 'arm64' }), request);

    expect(arm).toMatchObject({
      arch: 'arm64',
      gosling: { version: '1.2.3', sha256: 'b' },
      instance_type: 'c6g.large',
    });
  });

  it('of a serverless runner has an hour, the installation’s image, and a size its service knows', () => {
    const entry = renderRunnerEntry(withCloud({}, { cpu: 3, memoryMib: 5000 }), {
      ...request,
      type: 'serverless',
    });

    expect(entry).toMatchObject({
      max_seconds: 3600,
      image: 'ecr/gosling',
      cpu: 4,
      memory_mib: 8192,
      container: { cluster: 'c' },
    });
  });

  it('leaves out what neither the Egg nor the installation says', () => {
    const { compute: _, ...bare } = request;

    const entry = renderRunnerEntry(plain, bare);

    expect(entry).not.toHaveProperty('subnet_id');
    expect(entry).not.toHaveProperty('gosling');
  });

  it('changes for what machine_hash covers, and machine_hash for all that changes it', () => {
    const changes: Partial<EggConfig>[] = [
      withCloud({ subnet: 'subnet-x' }),
      withCloud({ spot: 'only' }),
      withCloud({ image: 'ami-1' }),
      withCloud({ zones: ['eu-central-1b'] }),
      withCloud({ securityGroups: ['sg-9'] }),
      withCloud({ publicIp: true }),
      withCloud({ instanceProfile: 'x' }),
      withCloud({ sshUser: 'ops', sshPublicKeys: ['k'] }),
      withCloud({}, { instanceType: 'm7i.large' }),
      withCloud({}, { cpu: 4 }),
      withCloud({}, { diskGib: 50 }),
      withCloud({}, { arch: 'arm64' }),
      { runner: { ...runner, executor: 'shell' } },
    ];

    for (const change of changes) {
      const egg = { ...plain, ...change };
      expect(renderRunnerEntry(egg, request)).not.toEqual(renderRunnerEntry(plain, request));
      expect(machineHash(egg, 1)).not.toBe(machineHash(plain, 1));
    }
  });
});

describe('the key of a container that serverless runners share', () => {
  const egg = withCloud({ provider: 'yandex', region: 'a' });
  const yandex = {
    ...{ subnets: { a: 'e9b' }, securityGroups: [], runnerImage: 'gosling:1', invoker: 'aje1' },
    ...{ networkId: 'enp0', logGroup: 'e23', role: 'aje0' },
  };
  const asked = { ...request, type: 'serverless' as const, compute: { yandex } };
  const keyOf = (over: Partial<EntryRequest> = {}, of: EggConfig = egg) =>
    renderRunnerEntry(of, { ...asked, ...over }).container_key;

  it('is the same for runners that differ in nothing that a container is made of', () => {
    const another = { runnerId: runnerId('01jy'), bootstrapToken: 'other', withoutCapacity: 1 };

    expect(keyOf()).toMatch(/^container-0a1b-web-app-[0-9a-f]+-[0-9a-f]{8}$/);
    expect(keyOf(another)).toBe(keyOf());
    expect(keyOf({ compute: { ...asked.compute, gosling: { version: '2', sha256: { amd64: 'c' } } } })).toBe(
      keyOf(),
    );
  });

  it.each<[string, Partial<EntryRequest>, EggConfig?]>([
    ['machine hash', { machineHash: 'e'.repeat(64) }],
    ['installation', { installation: '0a1c' }],
    ['address of ours', { goslingUrl: 'https://other.example.com' }],
    ['Egg', {}, { ...egg, name: eggName('web-app') }],
    ['image', { compute: { yandex: { ...yandex, runnerImage: 'gosling:2' } } }],
    ['service account', { compute: { yandex: { ...yandex, role: 'aje9' } } }],
    ['network', { compute: { yandex: { ...yandex, networkId: 'enp9' } } }],
    ['log group', { compute: { yandex: { ...yandex, logGroup: 'e99' } } }],
    ['invoker', { compute: { yandex: { ...yandex, invoker: 'aje9' } } }],
  ])('is another one for another %s', (_what, over, of) => {
    expect(keyOf(over, of)).not.toBe(keyOf());
  });

  it('is a name that the cloud takes, also beside the number of a shard', () => {
    const long = { ...egg, name: eggName(`W${'_a'.repeat(31)}`) };

    expect(keyOf({ installation: 'My Team/1' }, long)).toMatch(/^[a-z][a-z0-9-]{1,56}[a-z0-9]$/);
  });

  it('is in no entry of a runner that shares none', () => {
    expect(keyOf({ type: 'vm' })).toBeUndefined();
    expect(renderRunnerEntry(plain, { ...request, type: 'serverless' })).not.toHaveProperty('container_key');
  });
});

describe('the order in which a cloud is asked', () => {
  const subnets = { a: 'sa', b: 'sb' };
  const short = (cloud: Partial<EggCloud>) =>
    launchOrder({ ...plain.cloud, ...cloud }, ['c6i', 'c5'], subnets).map(
      ({ instanceType, zone, spot }) => `${instanceType} ${zone} ${spot ? 'spot' : 'own'}`,
    );

  it('is every zone, then the next type, then the other market', () => {
    expect(short({ spot: 'prefer' })).toEqual([
      ...['c6i a spot', 'c6i b spot', 'c5 a spot', 'c5 b spot'],
      ...['c6i a own', 'c6i b own', 'c5 a own', 'c5 b own'],
    ]);
  });

  it.each([
    ['never', false],
    ['only', true],
  ] as const)('with spot = "%s" has one market', (spot, isSpot) => {
    const order = launchOrder({ ...plain.cloud, spot }, ['c6i'], subnets);

    expect(order.map((choice) => choice.spot)).toEqual([isSpot, isSpot]);
  });

  it('stays in the one place of an Egg that names a subnet', () => {
    expect(launchOrder({ ...plain.cloud, subnet: 'own', zones: ['b'] }, ['c6i'], subnets)).toEqual([
      { instanceType: 'c6i', zone: 'b', subnet: 'own', spot: false },
    ]);
  });

  it('begins again after its last choice, and never has none', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('never', 'prefer', 'only'), (failures, spot) => {
        const order = launchOrder({ ...plain.cloud, spot }, ['c6i', 'c5'], subnets);

        expect(chooseLaunch(order, failures)).toBe(order[failures % order.length]);
      }),
    );
  });
});

const anyResources = fc.record({
  cpu: fc.integer({ min: 1, max: 64 }),
  memoryMib: fc.integer({ min: 1, max: 512 * 1024 }),
  diskGib: fc.constant(20),
});

describe('sizes', () => {
  it('of EC2 hold what was asked for, all of one shape, within what there is', () => {
    fc.assert(
      fc.property(anyResources, fc.constantFrom('amd64', 'arm64'), (resources, arch) => {
        const types = ec2InstanceTypes(resources, arch);

        const sizes = new Set(types.map((type) => type.split('.')[1]));
        expect(types.length).toBeGreaterThan(0);
        expect(sizes.size).toBe(1);
      }),
    );
    expect(ec2InstanceTypes({ cpu: 2, memoryMib: 8192, diskGib: 1 }, 'amd64')).toEqual([
      'm6i.large',
      'm6a.large',
      'm5.large',
    ]);
    expect(ec2InstanceTypes({ cpu: 2, memoryMib: 16_385, diskGib: 1 }, 'amd64')[0]).toBe('r6i.xlarge');
    expect(ec2InstanceTypes({ cpu: 5, memoryMib: 1024, diskGib: 1 }, 'arm64')[0]).toBe('c6g.2xlarge');
  });

  it('of Fargate, and of Yandex Cloud, are ones that these know', () => {
    fc.assert(
      fc.property(anyResources, (resources) => {
        const task = fargateSize(resources);
        const vm = yandexVmSize(resources);
        const container = yandexContainerSize(resources);

        expect([0.25, 0.5, 1, 2, 4, 8, 16]).toContain(task.cpu);
        expect(task.memoryMib % 512).toBe(0);
        expect(task.memoryMib / 1024 / task.cpu).toBeGreaterThanOrEqual(2);
        expect(task.memoryMib / 1024 / task.cpu).toBeLessThanOrEqual(8);
        expect(vm.cpu).toBeGreaterThanOrEqual(resources.cpu);
        expect(vm.memoryMib).toBeGreaterThanOrEqual(resources.memoryMib);
        expect(vm.memoryMib % (vm.cpu * 1024)).toBe(0);
        expect(vm.memoryMib).toBeLessThanOrEqual(640 * 1024);
        expect(container.memoryMib % 128).toBe(0);
        expect(container.memoryMib).toBeLessThanOrEqual(8192);
        expect(container.cpu).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe('a VM of Yandex Cloud', () => {
  it.each([
    [
      { cpu: 1, memoryMib: 1 },
      { cpu: 2, memoryMib: 2048 },
    ],
    [
      { cpu: 2, memoryMib: 5000 },
      { cpu: 2, memoryMib: 6144 },
    ],
    [
      { cpu: 17, memoryMib: 1 },
      { cpu: 20, memoryMib: 20_480 },
    ],
    [
      { cpu: 24, memoryMib: 384 * 1024 },
      { cpu: 36, memoryMib: 396 * 1024 },
    ],
    [
      { cpu: 2, memoryMib: 640 * 1024 },
      { cpu: 40, memoryMib: 640 * 1024 },
    ],
    [
      { cpu: 112, memoryMib: 476 * 1024, instanceType: 'gpu-standard-v3' },
      { cpu: 112, memoryMib: 476 * 1024 },
    ],
  ])('for %o has cores and memory that its platform knows', (asked, expected) => {
    expect(yandexVmSize({ diskGib: 20, ...asked })).toEqual(expected);
  });

  it('that names a platform of its own is as big as it says', () => {
    const egg = withCloud(
      { provider: 'yandex', region: 'a' },
      { instanceType: 'gpu-standard-v3', gpus: 4, cpu: 112 },
    );

    expect(renderRunnerEntry(egg, request)).toMatchObject({
      cpu: 112,
      gpus: 4,
      instance_type: 'gpu-standard-v3',
    });
  });
});

describe('tags', () => {
  it('of Yandex Cloud are letters it takes, and still tell one Egg from another', () => {
    const owner = { installation: 'My Team/1', egg: 'Web_App', runnerId: '01jx' };

    expect(cloudTags('yandex', owner)).toEqual({
      'polar-gosling-installation': 'my-team-1',
      'polar-gosling-egg': 'web_app',
      'polar-gosling-runner': '01jx',
    });
    expect(cloudTags('aws', owner)['polar-gosling-egg']).toBe('Web_App');
  });

  it('tell the folder of a machine of Yandex Cloud, and no other machine has one', () => {
    const settings = { subnets: {}, securityGroups: [], folderId: 'b1g1' };
    const compute = { yandex: settings, aws: settings };
    const ownerIn = (provider: 'yandex' | 'local') =>
      ownerOf(renderRunnerEntry(withCloud({ provider, region: 'r' }), { ...request, compute }));

    expect(ownerIn('yandex')).toEqual({ installation: request.installation, folder: 'b1g1' });
    expect(ownerIn('local')).toEqual({ installation: request.installation });
  });
});
