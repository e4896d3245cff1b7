import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  DescribeInstancesCommand,
  type DescribeInstancesResult,
  EC2Client,
  type InstanceStateName,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, ECSClient, paginateListServices, type Service } from '@aws-sdk/client-ecs';
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
  /** Where machines are made. */
  readonly regions: readonly string[];
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
  const look = async <Result>(
    region: string,
    signal: AbortSignal,
    ask: (client: ClientOptions, call: Call) => Promise<Result>,
  ): Promise<Result> => {
    try {
      const client = await clientOptions(options, region, signal);
      return await ask(client, { abortSignal: deadline(signal, timeoutMs) });
    } catch (error) {
      signal.throwIfAborted();
      if (isCoded(error, 'MACHINES_UNAVAILABLE')) throw error;
      throw machinesErrors.unavailable({ reason: `AWS: ${reasonOf(error)}` }, { cause: error });
    }
  };
  return {
    async list({ signal }) {
      const found: Machine[] = [];
      for (const region of options.regions) {
        found.push(
          ...(await look(region, signal, async (client, call) => [
            ...(await listInstances(new EC2Client(client), { options, region }, call)),
            ...(await listServices(new ECSClient(client), { options, region }, call)),
          ])),
        );
      }
      return found;
    },
    status: (machine, { signal }) =>
      look(machine.region, signal, (client, call) =>
        machine.type === 'vm'
          ? lookAtInstance(new EC2Client(client), { options, machine }, call)
          : lookAtService(new ECSClient(client), { options, machine }, call),
      ),
  };
}

type ClientOptions = Awaited<ReturnType<typeof clientOptions>>;
type Call = { readonly abortSignal: AbortSignal };

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

interface Listed {
  readonly options: AwsMachinesOptions;
  readonly region: string;
}

/** Those of one region that are not terminated. */
async function listInstances(client: EC2Client, { options, region }: Listed, call: Call): Promise<Machine[]> {
  const Filters = [
    { Name: 'tag:polar-gosling-installation', Values: [options.installation] },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'] },
  ];
  const found: Machine[] = [];
  try {
    for await (const page of paginateDescribeInstances({ client }, { Filters }, call)) {
      for (const { InstanceId = '', State, Tags = [] } of instancesOf(page)) {
        const tag = (name: string) => Tags.find(({ Key }) => Key === `polar-gosling-${name}`)?.Value;
        const resources = [inRegion({ region }, { type: 'aws_instance', id: InstanceId })];
        const runnerId = tag('runner');
        if (runnerId === undefined) continue;
        found.push({ runnerId, egg: tag('egg') ?? '', state: stateOf(State?.Name), resources });
      }
    }
    return found;
  } finally {
    client.destroy();
  }
}

function instancesOf({ Reservations = [] }: DescribeInstancesResult) {
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

/** Services of the cluster, where it is in this region: they are told by ten. */
async function listServices(client: ECSClient, { options, region }: Listed, call: Call): Promise<Machine[]> {
  const { cluster, installation } = options;
  const found: Machine[] = [];
  try {
    if (cluster === undefined || cluster.split(':')[3] !== region) return found;
    for await (const { serviceArns = [] } of paginateListServices(
      { client, pageSize: 10 },
      { cluster },
      call,
    )) {
      if (serviceArns.length === 0) continue;
      const request = { cluster, services: serviceArns, include: ['TAGS' as const] };
      const { services = [] } = await client.send(new DescribeServicesCommand(request), call);
      for (const service of services) {
        const tag = (name: string) => service.tags?.find(({ key }) => key === `polar-gosling-${name}`)?.value;
        const runnerId = tag('runner');
        if (runnerId === undefined || tag('installation') !== installation) continue;
        found.push(serviceMachine(service, { cluster, region, runnerId }));
      }
    }
    return found;
  } finally {
    client.destroy();
  }
}

interface Asked {
  readonly options: AwsMachinesOptions;
  readonly machine: CloudMachineRef;
}

async function lookAtInstance(
  client: EC2Client,
  { options, machine }: Asked,
  call: Call,
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
  call: Call,
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
    return serviceMachine(one, { ...machine, cluster });
  } finally {
    client.destroy();
  }
}

function serviceMachine(
  { serviceName, tags, taskDefinition, status }: Service,
  { cluster, region, runnerId }: { cluster: string; region: string; runnerId: string },
): Machine {
  const task = taskDefinition === undefined ? [] : [{ type: 'aws_ecs_task_definition', id: taskDefinition }];
  const service = { type: 'aws_ecs_service', id: `${cluster.split('/').at(-1)}/${serviceName}` };
  return {
    runnerId,
    egg: tags?.find(({ key }) => key === 'polar-gosling-egg')?.value ?? '',
    state: status === 'INACTIVE' ? 'gone' : 'running',
    resources: [...task, service].map((resource) => inRegion({ region }, resource)),
  };
}

/** The provider (6.0 and newer) imports from another region than its own by this suffix. */
function inRegion(
  { region }: Pick<CloudMachineRef, 'region'>,
  { type, id }: MachineResource,
): MachineResource {
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
