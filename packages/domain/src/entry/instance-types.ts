import type { EggResources } from '../egg.ts';
import type { Arch } from './compute-settings.ts';

/** vCPU of the sizes that every family below has. */
const sizes: readonly (readonly [vcpu: number, size: string])[] = [
  [2, 'large'],
  [4, 'xlarge'],
  [8, '2xlarge'],
  [16, '4xlarge'],
  [32, '8xlarge'],
  [48, '12xlarge'],
  [64, '16xlarge'],
];

/** Families by GiB of memory for each vCPU, the first choice first; the others are where capacity may be left. */
const families: Readonly<Record<Arch, readonly (readonly [gibPerVcpu: number, names: readonly string[]])[]>> =
  {
    amd64: [
      [2, ['c6i', 'c6a', 'c5']],
      [4, ['m6i', 'm6a', 'm5']],
      [8, ['r6i', 'r6a', 'r5']],
    ],
    arm64: [
      [2, ['c6g', 'c7g']],
      [4, ['m6g', 'm7g']],
      [8, ['r6g', 'r7g']],
    ],
  };

/**
 * EC2 instance types that hold these resources, the cheapest shape first and then the same shape of other families.
 * Nothing holds them: the biggest there is, so that the cloud is not asked for what does not exist.
 */
export function ec2InstanceTypes(resources: EggResources, arch: Arch): readonly string[] {
  if (resources.instanceType !== undefined) return [resources.instanceType];
  const memoryGib = resources.memoryMib / 1024;
  const shapes = families[arch].flatMap(([gibPerVcpu, names]) =>
    sizes
      .filter(([vcpu]) => vcpu >= resources.cpu && vcpu * gibPerVcpu >= memoryGib)
      .slice(0, 1)
      .map(([vcpu, size]) => ({
        vcpu,
        gib: vcpu * gibPerVcpu,
        types: names.map((name) => `${name}.${size}`),
      })),
  );
  const best = shapes.toSorted((a, b) => a.vcpu - b.vcpu || a.gib - b.gib)[0];
  return best?.types ?? (arch === 'arm64' ? ['r6g.16xlarge'] : ['r6i.16xlarge']);
}

/** Task sizes of Fargate: CPU units, then lowest and highest MiB and the step between. */
const fargateSizes: readonly (readonly [units: number, from: number, to: number, step: number])[] = [
  [256, 512, 2048, 512],
  [512, 1024, 4096, 1024],
  [1024, 2048, 8192, 1024],
  [2048, 4096, 16_384, 1024],
  [4096, 8192, 30_720, 1024],
  [8192, 16_384, 61_440, 4096],
  [16_384, 32_768, 122_880, 8192],
];

/** The smallest task of Fargate that holds these resources, else the biggest; `cpu` is in vCPU. */
export function fargateSize(resources: EggResources): { cpu: number; memoryMib: number } {
  const fits = fargateSizes.find(
    ([units, , to]) => units >= resources.cpu * 1024 && to >= resources.memoryMib,
  );
  const [units, from, to, step] = fits ?? [16_384, 32_768, 122_880, 8192];
  const rounded = from + Math.ceil(Math.max(0, resources.memoryMib - from) / step) * step;
  return { cpu: units / 1024, memoryMib: Math.min(to, rounded) };
}

/** The platform of a VM whose Egg names none; it has no graphics processors. */
export const yandexPlatform = 'standard-v3';

/** Cores that it has with all of their time, and GiB for each of them at most. */
const yandexCores: readonly (readonly [cores: number, gibPerCore: number])[] = [
  ...[2, 4, 6, 8, 10, 12, 14, 16, 20].map((cores) => [cores, 16] as const),
  ...([
    [24, 13],
    [28, 11],
    [32, 10],
    [36, 16],
    [40, 16],
    [44, 14],
    [48, 13],
    [52, 12],
    [56, 11],
  ] as const),
  ...([
    [60, 10],
    [64, 10],
    [68, 9],
    [72, 8],
    [76, 8],
    [80, 8],
    [84, 7],
    [88, 7],
    [92, 6],
    [96, 6],
  ] as const),
];

/**
 * The smallest VM that holds these resources, with as many whole GiB for each core; nothing holds them: the one with the
 * most memory. What other platforms have is theirs to say: the same with even cores and whole GiB.
 */
export function yandexVmSize(resources: EggResources): { cpu: number; memoryMib: number } {
  const gib = Math.ceil(resources.memoryMib / 1024);
  if ((resources.instanceType ?? yandexPlatform) !== yandexPlatform) {
    return { cpu: Math.max(2, Math.ceil(resources.cpu / 2) * 2), memoryMib: gib * 1024 };
  }
  const fits = yandexCores.find(([cores, most]) => cores >= resources.cpu && cores * most >= gib);
  const [cpu, most] = fits ?? [64, 10];
  return { cpu, memoryMib: cpu * Math.min(most, Math.ceil(gib / cpu)) * 1024 };
}

/** A container has up to 4 cores and 8 GiB in steps of 128 MiB, and its memory decides how many cores it may have. */
export function yandexContainerSize(resources: EggResources): { cpu: number; memoryMib: number } {
  const cpu = Math.min(4, Math.max(1, Math.ceil(resources.cpu)));
  const leastMib = { 1: 128, 2: 4096, 3: 6144, 4: 8192 }[cpu] ?? 8192;
  return { cpu, memoryMib: Math.min(8192, Math.max(leastMib, Math.ceil(resources.memoryMib / 128) * 128)) };
}

/** What does not fit into the biggest machine that an Egg may get, and where in its resources it stands. */
export interface TooMuch {
  readonly detail: string;
  readonly of: 'cpu' | 'memory' | 'disk' | 'gpus';
}

interface Biggest {
  readonly called: string;
  readonly size: { readonly cpu: number; readonly memoryMib: number };
  readonly diskGib?: number;
}

const huge = { cpu: Number.MAX_SAFE_INTEGER, memoryMib: Number.MAX_SAFE_INTEGER };
const fargate: Biggest = {
  called: 'a task of Fargate',
  size: fargateSize({ ...huge, diskGib: 0 }),
  diskGib: 200,
};
const yandexContainer: Biggest = {
  called: 'a container of Yandex Cloud',
  size: yandexContainerSize({ ...huge, diskGib: 0 }),
};

/**
 * What of these resources a cloud has not in one machine, each with the next step; a type that the Egg names itself is
 * not looked into. (A container of Yandex Cloud has 10 GiB of disk, whatever is asked for: the default is more.)
 */
export function tooMuchFor(
  at: { readonly provider: string; readonly type: 'vm' | 'serverless' },
  resources: EggResources,
): readonly TooMuch[] {
  if (at.provider === 'local') return [];
  if (at.type === 'serverless') {
    const biggest = at.provider === 'aws' ? fargate : yandexContainer;
    const gpus = `${biggest.called} has no graphics processors: give the Egg type = "vm" and an instance_type with them`;
    return [
      ...beyond(biggest, resources, 'give the Egg type = "vm", or ask for less'),
      ...without(resources, gpus),
    ];
  }
  if (resources.instanceType !== undefined) return [];
  const gpus = 'a machine with graphics processors is had by its name only: set resources { instance_type }';
  return [
    ...beyond(
      biggestVm(at.provider, resources),
      resources,
      'set resources { instance_type }, or ask for less',
    ),
    ...without(resources, gpus),
  ];
}

/** The most memory of all; on Yandex Cloud the most that these many cores, or more, may have. */
function biggestVm(provider: string, { cpu, arch }: EggResources): Biggest {
  if (provider === 'aws') {
    const [name = ''] = ec2InstanceTypes({ ...huge, diskGib: 0 }, arch ?? 'amd64');
    return { called: name, size: { cpu: 64, memoryMib: 512 * 1024 } };
  }
  const most = yandexCores.filter(([cores]) => cores >= cpu).map(([cores, gib]) => cores * gib);
  return {
    called: `a VM of ${yandexPlatform} with these cores`,
    size: { cpu: 96, memoryMib: Math.max(576, ...most) * 1024 },
  };
}

function beyond({ called, size, diskGib }: Biggest, asked: EggResources, step: string): readonly TooMuch[] {
  const say = (of: TooMuch['of'], most: string) => [{ of, detail: `${called} has at most ${most}: ${step}` }];
  return [
    ...(asked.cpu > size.cpu ? say('cpu', `${size.cpu} processors`) : []),
    ...(asked.memoryMib > size.memoryMib ? say('memory', `${size.memoryMib / 1024} GiB of memory`) : []),
    ...(diskGib !== undefined && asked.diskGib > diskGib ? say('disk', `${diskGib} GiB of disk`) : []),
  ];
}

function without({ gpus = 0 }: EggResources, detail: string): readonly TooMuch[] {
  return gpus > 0 ? [{ of: 'gpus', detail }] : [];
}
