import { sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { EggConfig, EggResources, RunnerType } from '../egg.ts';
import { physicalName, type RunnerId } from '../names.ts';
import { serverlessLimitMs } from '../runner-type.ts';
import { cloudTags } from './cloud-tags.ts';
import { type Arch, type CloudComputeSettings, type ComputeSettings, subnetsIn } from './compute-settings.ts';
import {
  ec2InstanceTypes,
  fargateSize,
  yandexContainerSize,
  yandexPlatform,
  yandexVmSize,
} from './instance-types.ts';
import { chooseLaunch, launchOrder } from './launch-order.ts';
import type { RunnerEntry } from './runner-entry.ts';

/** Debian: what the cloud-init of the compute module is written for. */
const debian = {
  aws: (arch: Arch) => `resolve:ssm:/aws/service/debian/release/12/latest/${arch}`,
  yandex: () => 'family:debian-12',
} as const;

/** What one launch adds to its Egg. */
export interface EntryRequest {
  readonly runnerId: RunnerId;
  readonly type: RunnerType;
  readonly bootstrapToken: string;
  readonly goslingUrl: string;
  readonly installation: string;
  readonly machineHash: string;
  readonly compute?: ComputeSettings;
  /** Launches of this Egg in a row that found no capacity: moves on to the next zone, type or market. */
  readonly withoutCapacity?: number;
}

/** The entry of a new runner. Pure; the same Egg and request give the same entry. */
export function renderRunnerEntry(egg: EggConfig, request: EntryRequest): RunnerEntry {
  const { provider } = egg.cloud;
  const base = {
    runner_id: request.runnerId,
    egg_name: egg.name,
    name: physicalName('runner', `${request.installation}/${request.runnerId}`),
    provider,
    type: request.type,
    gosling_url: request.goslingUrl,
    bootstrap_token: request.bootstrapToken,
    ...sizeOf(egg, request.type),
    disk_gib: egg.resources.diskGib,
    tags: cloudTags(provider, {
      ...{ installation: request.installation, egg: egg.name, runnerId: request.runnerId },
      folder: provider === 'local' ? undefined : request.compute?.[provider]?.folderId,
    }),
  };
  if (provider === 'local') return withoutUndefined({ ...base, ...localFields(egg) });
  const settings = request.compute?.[provider] ?? { subnets: {}, securityGroups: [] };
  const entry = withoutUndefined({ ...base, ...cloudFields(egg, { request, settings, provider }) });
  if (provider === 'aws' || request.type === 'vm') return entry;
  return { ...entry, container_key: containerKey(entry, request.installation) };
}

/** A container never changes: another one takes its place as soon as anything that it is made of does. */
function containerKey(entry: RunnerEntry, installation: string): string {
  const { egg_name, machine_hash, gosling_url, cpu, memory_mib, disk_gib } = entry;
  const { image, role, max_seconds, container } = entry;
  const madeOf = withoutUndefined({
    ...{ machine_hash, gosling_url, cpu, memory_mib, disk_gib, image, role, max_seconds, container },
  });
  return physicalName('container', `${installation}/${egg_name}/${sha256Hex(stableJson(madeOf))}`);
}

/** What a container on this host takes from its Egg. Jobs of the docker executor have containers of their own. */
function localFields({ cloud, runner }: EggConfig): Partial<Unset<RunnerEntry>> {
  const isPrivileged = runner.executor === 'shell' && runner.docker?.privileged === true;
  return {
    image: cloud.image,
    executor: runner.executor,
    privileged: isPrivileged ? true : undefined,
  };
}

function cloudFields(
  egg: EggConfig,
  at: { request: EntryRequest; settings: CloudComputeSettings; provider: 'aws' | 'yandex' },
): Partial<Unset<RunnerEntry>> {
  const { cloud, resources, runner } = egg;
  const { request, settings, provider } = at;
  const arch = resources.arch ?? 'amd64';
  const choice = chooseLaunch(orderOf(egg, settings), request.withoutCapacity ?? 0);
  const groups = cloud.securityGroups.length > 0 ? cloud.securityGroups : settings.securityGroups;
  const shared = {
    machine_hash: request.machineHash,
    executor: runner.executor,
    arch,
    region: cloud.region,
    zone: choice?.zone,
    spot: choice?.spot ?? false,
    subnet_id: choice?.subnet,
    security_group_ids: groups,
    public_ip: cloud.publicIp ?? false,
    gosling: agentOf(request.compute, arch),
  };
  if (request.type === 'serverless') return { ...shared, ...serverlessFields(egg, settings) };
  return {
    ...shared,
    image: cloud.image ?? debian[provider](arch),
    instance_type: choice?.instanceType,
    gpus: resources.gpus ?? 0,
    role: cloud.instanceProfile,
    ssh_user: cloud.sshUser,
    ssh_public_keys: cloud.sshPublicKeys,
  };
}

/** How many choices the order of an Egg's launches has: so many in a row are asked before one is asked again. */
export function launchChoices(egg: EggConfig, compute: ComputeSettings): number {
  const { provider } = egg.cloud;
  const settings = provider === 'local' ? undefined : compute[provider];
  return settings === undefined ? 1 : orderOf(egg, settings).length;
}

function orderOf({ cloud, resources }: EggConfig, { subnets }: CloudComputeSettings) {
  const arch = resources.arch ?? 'amd64';
  const types =
    cloud.provider === 'aws' ? ec2InstanceTypes(resources, arch) : [resources.instanceType ?? yandexPlatform];
  return launchOrder(cloud, types, subnetsIn(subnets, cloud.region));
}

function serverlessFields(egg: EggConfig, settings: CloudComputeSettings): Partial<Unset<RunnerEntry>> {
  return {
    image: egg.cloud.image ?? settings.runnerImage,
    role: settings.role,
    max_seconds: serverlessLimitMs / 1000,
    container: withoutUndefined({
      cluster: settings.cluster,
      execution_role: settings.executionRole,
      log_group: settings.logGroup,
      network_id: settings.networkId,
      invoker: settings.invoker,
    }),
  };
}

function sizeOf({ cloud, resources }: EggConfig, type: RunnerType): { cpu: number; memory_mib: number } {
  const { cpu, memoryMib } = resize(cloud.provider, resources, type);
  return { cpu, memory_mib: memoryMib };
}

/** Clouds give certain sizes only; an instance type of EC2 says its own. */
function resize(
  provider: string,
  resources: EggResources,
  type: RunnerType,
): { cpu: number; memoryMib: number } {
  if (provider === 'aws' && type === 'serverless') return fargateSize(resources);
  if (provider === 'yandex')
    return type === 'serverless' ? yandexContainerSize(resources) : yandexVmSize(resources);
  return resources;
}

function agentOf(compute: ComputeSettings | undefined, arch: Arch): RunnerEntry['gosling'] {
  const agent = compute?.gosling;
  const sha256 = agent?.sha256[arch];
  return agent && sha256 ? { version: agent.version, sha256 } : undefined;
}

type Unset<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | undefined };

/** Absent, not `undefined`: an entry is JSON. */
function withoutUndefined<Fields extends object>(fields: Fields): Kept<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Kept<Fields>;
}
type Kept<Fields> = { readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined> };
