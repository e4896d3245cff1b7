import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DescribeInstancesCommand, EC2Client, type InstanceStateName } from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { physicalName } from '@polar-gosling/domain';
import { deadline, isCoded } from '@polar-gosling/kernel';
import {
  type CloudMachineRef,
  type CloudMachines,
  type Machine,
  type MachineResource,
  machinesErrors,
} from '@polar-gosling/ports/machines';

const timeoutMs = 20_000;

export interface AwsMachinesOptions {
  readonly installation: string;
  /** ARN of the cluster that serverless runners are services of. */
  readonly cluster?: string;
  /** The SDK's own chain (environment, profile, role) where it answers nothing. */
  credentials(options: {
    readonly signal: AbortSignal;
  }): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string } | undefined>;
  readonly endpoint?: string;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>>;
}

/** Instances of EC2 by their tags, and services of ECS by their names. Asked rarely: a client for each question. */
export function createAwsMachines(options: AwsMachinesOptions): CloudMachines {
  return {
    async status(machine, { signal }) {
      try {
        const client = await clientOptions(options, machine.region, signal);
        const call = { abortSignal: deadline(signal, timeoutMs) };
        return machine.type === 'vm'
          ? await lookAtInstance(new EC2Client(client), { options, machine }, call)
          : await lookAtService(new ECSClient(client), { options, machine }, call);
      } catch (error) {
        signal.throwIfAborted();
        if (isCoded(error, 'MACHINES_UNAVAILABLE')) throw error;
        throw machinesErrors.unavailable({ reason: `AWS: ${reasonOf(error)}` }, { cause: error });
      }
    },
  };
}

async function clientOptions(options: AwsMachinesOptions, region: string, signal: AbortSignal) {
  const credentials = await options.credentials({ signal });
  const agent = { ...(options.proxies && { proxyEnv: { ...options.proxies } }) };
  return {
    region,
    requestHandler: { httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent(agent) },
    ...(options.endpoint && { endpoint: options.endpoint }),
    ...(credentials && { credentials }),
  };
}

/** Without the text of the SDK's message: it may repeat what was sent. */
function reasonOf(error: unknown): string {
  if (isCoded(error)) return error.message;
  return error instanceof Error ? error.name : 'unknown failure';
}

interface Asked {
  readonly options: AwsMachinesOptions;
  readonly machine: CloudMachineRef;
}

async function lookAtInstance(
  client: EC2Client,
  { options, machine }: Asked,
  call: { readonly abortSignal: AbortSignal },
): Promise<Machine | undefined> {
  const tag = (name: string, value: string) => ({ Name: `tag:polar-gosling-${name}`, Values: [value] });
  const Filters = [tag('runner', machine.runnerId), tag('installation', options.installation)];
  try {
    const { Reservations = [] } = await client.send(new DescribeInstancesCommand({ Filters }), call);
    const found = Reservations.flatMap(({ Instances = [] }) => Instances);
    const [one] = found.toSorted((a, b) => rankOf(stateOf(a.State?.Name)) - rankOf(stateOf(b.State?.Name)));
    if (one === undefined) return undefined;
    const egg = one.Tags?.find(({ Key }) => Key === 'polar-gosling-egg')?.Value ?? '';
    return {
      runnerId: machine.runnerId,
      egg,
      state: stateOf(one.State?.Name),
      resources: [inRegion(machine, { type: 'aws_instance', id: one.InstanceId ?? '' })],
    };
  } finally {
    client.destroy();
  }
}

/** A service keeps its task; one that was deleted is told as INACTIVE for a while. */
async function lookAtService(
  client: ECSClient,
  { options, machine }: Asked,
  call: { readonly abortSignal: AbortSignal },
): Promise<Machine | undefined> {
  const { cluster, installation } = options;
  if (cluster === undefined) throw machinesErrors.unavailable({ reason: 'no ECS cluster is set up' });
  const name = physicalName('runner', `${installation}/${machine.runnerId}`);
  const request = { cluster, services: [name], include: ['TAGS' as const] };
  try {
    const { services = [], failures = [] } = await client.send(new DescribeServicesCommand(request), call);
    const [one] = services;
    if (one === undefined && failures.some(({ reason }) => reason !== 'MISSING')) {
      throw machinesErrors.unavailable({ reason: `ECS: ${failures[0]?.reason}` });
    }
    if (one === undefined) return undefined;
    const egg = one.tags?.find(({ key }) => key === 'polar-gosling-egg')?.value ?? '';
    const task =
      one.taskDefinition === undefined ? [] : [{ type: 'aws_ecs_task_definition', id: one.taskDefinition }];
    const service = { type: 'aws_ecs_service', id: `${cluster.split('/').at(-1)}/${name}` };
    return {
      runnerId: machine.runnerId,
      egg,
      state: one.status === 'INACTIVE' ? 'gone' : 'running',
      resources: [...task, service].map((resource) => inRegion(machine, resource)),
    };
  } finally {
    client.destroy();
  }
}

/** The provider (6.0 and newer) imports from another region than its own by this suffix. */
function inRegion({ region }: CloudMachineRef, { type, id }: MachineResource): MachineResource {
  return { type, id: `${id}@${region}` };
}

/** What is on its way up or down may still run. */
function stateOf(name: InstanceStateName | undefined): Machine['state'] {
  if (name === 'terminated') return 'gone';
  return name === 'stopped' || name === 'stopping' ? 'stopped' : 'running';
}

function rankOf(state: Machine['state']): number {
  return ['running', 'stopped', 'gone'].indexOf(state);
}
