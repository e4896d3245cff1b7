import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  DescribeInstancesCommand,
  type DescribeInstancesResult,
  DescribeSubnetsCommand,
  EC2Client,
  type Instance,
  type InstanceStateName,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import {
  DescribeServicesCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
  paginateListServices,
  type Service,
} from '@aws-sdk/client-ecs';
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
  /** Where machines are made now. */
  readonly regions: readonly string[];
  /** ARN of the cluster that new serverless runners become services of. */
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
            ...(await listInstances(new EC2Client(client), region, call)),
            ...(await listServices(new ECSClient(client), { options, region }, call)),
          ])),
        );
      }
      return found;
    },
    status: (machine, { signal }) =>
      look(machine.region, signal, async (client, call) => {
        const found =
          machine.type === 'vm'
            ? await lookAtInstance(new EC2Client(client), machine, call)
            : await lookAtService(new ECSClient(client), machine, call);
        if (found === undefined) await requireSameAccount(new EC2Client(client), machine, call);
        return found;
      }),
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
async function listInstances(client: EC2Client, region: string, call: Call): Promise<Machine[]> {
  const Filters = [
    { Name: 'tag-key', Values: ['polar-gosling-runner'] },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'] },
  ];
  const found: Machine[] = [];
  try {
    for await (const page of paginateDescribeInstances({ client }, { Filters }, call)) {
      found.push(...instancesOf(page).map((instance) => instanceMachine(instance, region)));
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
  const { cluster } = options;
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
        const runnerId = tagOf(service.tags, 'runner');
        if (runnerId === undefined) continue;
        found.push(serviceMachine(service, { cluster, region, runnerId }));
      }
    }
    return found;
  } finally {
    client.destroy();
  }
}

async function lookAtInstance(
  client: EC2Client,
  machine: CloudMachineRef,
  call: Call,
): Promise<Machine | undefined> {
  const tag = (name: string, value: string) => ({ Name: `tag:polar-gosling-${name}`, Values: [value] });
  const Filters = [tag('runner', machine.runnerId), tag('installation', machine.installation)];
  try {
    const found = instancesOf(await client.send(new DescribeInstancesCommand({ Filters }), call));
    const machines = found.map((instance) => instanceMachine(instance, machine.region));
    return machines.toSorted((a, b) => rankOf(a.state) - rankOf(b.state))[0];
  } finally {
    client.destroy();
  }
}

/**
 * Another account shows nothing of ours, and that proves nothing: only who sees the subnet that a machine was put into
 * can say that there is no such machine.
 */
async function requireSameAccount(client: EC2Client, { subnet }: CloudMachineRef, call: Call): Promise<void> {
  if (subnet === undefined) {
    throw machinesErrors.unavailable({ reason: 'nothing tells in which AWS account it was made' });
  }
  try {
    const Filters = [{ Name: 'subnet-id', Values: [subnet] }];
    const { Subnets = [] } = await client.send(new DescribeSubnetsCommand({ Filters }), call);
    if (Subnets.length > 0) return;
    const reason = `AWS: its subnet ${subnet} is not seen from here, it was made in another account`;
    throw machinesErrors.unavailable({ reason });
  } finally {
    client.destroy();
  }
}

/**
 * A service keeps its task; one that was deleted is told as INACTIVE for a while. Without one nothing runs, but the task
 * may be registered still: an apply that was killed had not come to its service, or not to the end of a removal.
 */
async function lookAtService(
  client: ECSClient,
  machine: CloudMachineRef,
  call: Call,
): Promise<Machine | undefined> {
  const { cluster, name } = machine;
  if (cluster === undefined) {
    throw machinesErrors.unavailable({ reason: 'nothing tells in which ECS cluster it was made' });
  }
  const request = { cluster, services: [name], include: ['TAGS' as const] };
  try {
    const { services = [], failures = [] } = await client.send(new DescribeServicesCommand(request), call);
    const [one] = services;
    if (one === undefined && failures.some(({ reason }) => reason !== 'MISSING')) {
      throw machinesErrors.unavailable({ reason: `ECS: ${failures[0]?.reason}` });
    }
    const { region, runnerId, installation } = machine;
    if (one !== undefined && one.status !== 'INACTIVE') {
      return serviceMachine(one, { cluster, region, runnerId });
    }
    const resources = await registeredTasks(client, machine, call);
    if (one === undefined && resources.length === 0) return undefined;
    return { runnerId, egg: tagOf(one?.tags, 'egg') ?? '', installation, state: 'gone', resources };
  } finally {
    client.destroy();
  }
}

/** Its name is its installation's own, so that no other can have registered it. */
async function registeredTasks(
  client: ECSClient,
  { name, region }: CloudMachineRef,
  call: Call,
): Promise<MachineResource[]> {
  const request = { familyPrefix: name, status: 'ACTIVE' as const };
  const { taskDefinitionArns = [] } = await client.send(new ListTaskDefinitionsCommand(request), call);
  return taskDefinitionArns.map((id) => inRegion({ region }, { type: 'aws_ecs_task_definition', id }));
}

function instanceMachine({ InstanceId = '', State, Tags = [] }: Instance, region: string): Machine {
  const tags = Tags.map(({ Key: key, Value: value }) => ({ key, value }));
  const state = stateOf(State?.Name);
  return {
    runnerId: tagOf(tags, 'runner') ?? '',
    egg: tagOf(tags, 'egg') ?? '',
    installation: tagOf(tags, 'installation') ?? '',
    state,
    resources: state === 'gone' ? [] : [inRegion({ region }, { type: 'aws_instance', id: InstanceId })],
  };
}

function serviceMachine(
  { serviceName, tags, taskDefinition, status }: Service,
  { cluster, region, runnerId }: { cluster: string; region: string; runnerId: string },
): Machine {
  const task = taskDefinition === undefined ? [] : [{ type: 'aws_ecs_task_definition', id: taskDefinition }];
  const service = { type: 'aws_ecs_service', id: `${cluster.split('/').at(-1)}/${serviceName}` };
  return {
    runnerId,
    egg: tagOf(tags, 'egg') ?? '',
    installation: tagOf(tags, 'installation') ?? '',
    state: status === 'INACTIVE' ? 'gone' : 'running',
    resources: [...task, service].map((resource) => inRegion({ region }, resource)),
  };
}

function tagOf(
  tags: readonly { readonly key?: string | undefined; readonly value?: string | undefined }[] = [],
  name: string,
): string | undefined {
  return tags.find(({ key }) => key === `polar-gosling-${name}`)?.value;
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
