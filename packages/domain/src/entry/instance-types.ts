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

const yandexMaxCores = 96;

/** Cores of `standard-v3` are even; each needs 1 GiB of memory at least. Memory is in whole GiB. */
export function yandexVmSize(resources: EggResources): { cpu: number; memoryMib: number } {
  const cpu = Math.min(yandexMaxCores, Math.max(2, Math.ceil(resources.cpu / 2) * 2));
  return { cpu, memoryMib: Math.max(cpu, Math.ceil(resources.memoryMib / 1024)) * 1024 };
}

/** A container has up to 4 cores and 8 GiB in steps of 128 MiB, and its memory decides how many cores it may have. */
export function yandexContainerSize(resources: EggResources): { cpu: number; memoryMib: number } {
  const cpu = Math.min(4, Math.max(1, Math.ceil(resources.cpu)));
  const leastMib = { 1: 128, 2: 4096, 3: 6144, 4: 8192 }[cpu] ?? 8192;
  return { cpu, memoryMib: Math.min(8192, Math.max(leastMib, Math.ceil(resources.memoryMib / 128) * 128)) };
}
