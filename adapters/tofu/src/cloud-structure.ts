// What tests of cloud bundles compare of two clouds; nothing else imports it.
import type { RunnerEntry } from '@polar-gosling/domain';
import { addressOf } from './addresses.ts';

export interface Change {
  readonly address: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: values of whatever resource is made
  readonly change: { readonly actions: readonly string[]; readonly after: any };
}

/** What a resource is for, whatever its cloud calls it. */
const roles: Readonly<Record<string, string>> = {
  aws_instance: 'machine',
  yandex_compute_instance: 'machine',
  aws_ecs_service: 'serverless runner',
  terraform_data: 'serverless runner',
  aws_ecs_task_definition: 'container',
  yandex_serverless_container: 'container',
};

/** What a plan makes for each entry, in words that are no cloud's own. */
export function structureOf(changes: readonly Change[], entries: readonly RunnerEntry[]) {
  const made = changes.filter(({ change }) => change.actions.includes('create'));
  return entries.map(({ runner_id: id, type, container_key: key }) => {
    const shared = type === 'serverless' ? [`module.container["${key}"].`] : [];
    const prefixes = [`${addressOf(id)}.`, ...shared];
    const own = made.filter(({ address }) => prefixes.some((prefix) => address.startsWith(prefix)));
    const machine = own.find((one) => roles[one.type] === 'machine');
    return {
      id,
      roles: own.map((one) => roles[one.type] ?? one.type).toSorted(),
      machine: machine && machineOf(machine),
    };
  });
}

function machineOf({ type, change: { after } }: Change) {
  const tagsOf = (given: object) =>
    Object.keys(given)
      .filter((name) => name !== 'Name')
      .toSorted();
  if (type === 'aws_instance') {
    return {
      isSpot: after.instance_market_options.length > 0,
      hasPublicIp: after.associate_public_ip_address,
      diskGib: after.root_block_device[0].volume_size,
      subnet: after.subnet_id,
      role: after.iam_instance_profile,
      tags: tagsOf(after.tags),
      userData: Buffer.from(after.user_data_base64, 'base64').toString(),
    };
  }
  const [network] = after.network_interface;
  return {
    isSpot: after.scheduling_policy[0].preemptible,
    hasPublicIp: network.nat,
    diskGib: after.boot_disk[0].initialize_params[0].size,
    subnet: network.subnet_id,
    role: after.service_account_id,
    tags: tagsOf(after.labels),
    userData: after.metadata['user-data'],
  };
}
