import type { EggConfig } from '../egg.ts';
import { ec2InstanceTypes, fargateSize, yandexContainerSize, yandexVmSize } from '../entry/instance-types.ts';
import { pickRunnerType } from '../runner-type.ts';

const yandexPlatform = 'standard-v3';

/**
 * Names of the machines that an Egg may be given, as limits and prices know them: instance types of EC2 (the first
 * choice and what stands in for it), `fargate-1x2048` and the like (vCPU, MiB), `standard-v3-2x4096`,
 * `container-1x512`, and `local`.
 */
export function machineTypesOf(egg: EggConfig): readonly string[] {
  const { cloud, resources } = egg;
  if (cloud.provider === 'local') return ['local'];
  const isServerless = runnerTypeOf(egg) === 'serverless';
  if (cloud.provider === 'aws') {
    if (isServerless) return [named('fargate', fargateSize(resources))];
    return ec2InstanceTypes(resources, resources.arch ?? 'amd64');
  }
  if (isServerless) return [named('container', yandexContainerSize(resources))];
  return [named(resources.instanceType ?? yandexPlatform, yandexVmSize(resources))];
}

/** The type that its machines are launched as. */
export function runnerTypeOf(egg: EggConfig) {
  return egg.type === 'auto' ? pickRunnerType({}, egg) : egg.type;
}

/** The dearest of the machines an Egg may be given, for one hour; `undefined`: the price of one is not known. */
export function priceOf(egg: EggConfig, prices: Readonly<Record<string, number>>): number | undefined {
  let dearest = 0;
  for (const type of machineTypesOf(egg)) {
    const price = Object.hasOwn(prices, type) ? prices[type] : undefined;
    if (price === undefined) return undefined;
    dearest = Math.max(dearest, price);
  }
  return dearest;
}

function named(what: string, { cpu, memoryMib }: { cpu: number; memoryMib: number }): string {
  return `${what}-${cpu}x${memoryMib}`;
}
