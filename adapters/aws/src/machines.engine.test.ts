import {
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import type { CloudMachineRef } from '@polar-gosling/ports/machines';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAwsMachines } from './machines.ts';

vi.setConfig({ testTimeout: 120_000 });
const endpoint = process.env['POLAR_AWS_URL'];
const ids = createSystemIds(createSystemClock());
const call = { signal: new AbortController().signal };
const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
const region = 'eu-central-1';
const client = { region, credentials, endpoint: endpoint ?? 'http://127.0.0.1:9' };
let installation = '';

/** A runner of this installation, in a subnet that is there. */
async function aRunner(over: Partial<CloudMachineRef> = {}): Promise<CloudMachineRef> {
  const { Subnets = [] } = await new EC2Client(client).send(new DescribeSubnetsCommand({}));
  const subnet = String(Subnets[0]?.SubnetId);
  return { runnerId: ids.next(), type: 'vm', region, installation, name: `n-${ids.next()}`, subnet, ...over };
}

function machinesAt(url = client.endpoint, cluster?: string) {
  return createAwsMachines({
    ...{ regions: [region], endpoint: url, credentials: async () => credentials },
    ...(cluster === undefined ? {} : { cluster }),
  });
}

beforeEach(() => {
  installation = `i${ids.next()}`;
});

describe('machines of AWS', () => {
  beforeEach(({ skip }) => skip(endpoint === undefined, 'POLAR_AWS_URL names no AWS (moto)'));

  it('tells an instance by its tags, from its start to its end', async () => {
    const ec2 = new EC2Client(client);
    const machine = await aRunner();
    const tags = { runner: machine.runnerId, egg: 'web', installation };
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        ...{ ImageId: 'ami-12c6146b', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
        TagSpecifications: [
          {
            ResourceType: 'instance',
            Tags: Object.entries(tags).map(([key, Value]) => ({ Key: `polar-gosling-${key}`, Value })),
          },
        ],
      }),
    );
    const InstanceIds = Instances.map(({ InstanceId }) => String(InstanceId));

    const running = await machinesAt().status(machine, call);
    await ec2.send(new StopInstancesCommand({ InstanceIds }));
    const stopped = await machinesAt().status(machine, call);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    const gone = await machinesAt().status(machine, call);

    expect(running).toMatchObject({ runnerId: machine.runnerId, egg: 'web', state: 'running' });
    expect(running?.resources).toEqual([{ type: 'aws_instance', id: `${InstanceIds[0]}@${region}` }]);
    expect(stopped?.state).toBe('stopped');
    expect(gone).toMatchObject({ state: 'gone', resources: [] });
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations).toHaveLength(1);
  });

  it('lists the instances and services of runners that are not gone, with who made them', async () => {
    const ec2 = new EC2Client(client);
    const ecs = new ECSClient(client);
    const cluster = `arn:aws:ecs:${region}:123456789012:cluster/c-${ids.next()}`;
    await ecs.send(new CreateClusterCommand({ clusterName: cluster.split('/')[1] }));
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'listed',
        containerDefinitions: [{ name: 'runner', image: 'x', memory: 128 }],
      }),
    );
    const started: string[] = [];
    const theirs = `i${ids.next()}`;
    for (const [runner, owner] of Object.entries({ r1: installation, r2: installation, r3: theirs })) {
      const tags = Object.entries({ runner, egg: 'web', installation: owner });
      const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({
          ...{ ImageId: 'ami-12c6146b', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
          TagSpecifications: [
            {
              ResourceType: 'instance',
              Tags: tags.map(([key, Value]) => ({ Key: `polar-gosling-${key}`, Value })),
            },
          ],
        }),
      );
      started.push(String(Instances[0]?.InstanceId));
      await ecs.send(
        new CreateServiceCommand({
          ...{ cluster, serviceName: `s-${runner}`, taskDefinition: 'listed', desiredCount: 1 },
          tags: tags.map(([key, value]) => ({
            key: `polar-gosling-${key}`,
            value: value.replace(/^r(\d)$/, 's$1'),
          })),
        }),
      );
    }
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: started.slice(1, 2) }));

    const all = await machinesAt(client.endpoint, cluster).list(call);

    // Those of other tests are there too.
    const found = all.filter((one) => one.installation === installation || one.installation === theirs);
    expect(found.map((one) => [one.runnerId, one.installation, one.egg, one.state]).toSorted()).toEqual([
      ['r1', installation, 'web', 'running'],
      ['r3', theirs, 'web', 'running'],
      ['s1', installation, 'web', 'running'],
      ['s2', installation, 'web', 'running'],
      ['s3', theirs, 'web', 'running'],
    ]);
    expect(found.find(({ runnerId }) => runnerId === 's2')?.resources?.at(-1)).toEqual({
      type: 'aws_ecs_service',
      id: `${cluster.split('/')[1]}/s-r2@${region}`,
    });
  });

  it('says that there is none only where it sees the subnet that the machine was put into', async () => {
    const machine = await aRunner();
    const { subnet: _subnet, ...nowhere } = machine;

    expect(await machinesAt().status(machine, call)).toBeUndefined();
    await expect(machinesAt().status({ ...machine, subnet: 'subnet-0fffffff' }, call)).rejects.toMatchObject({
      code: 'MACHINES_UNAVAILABLE',
      message: expect.stringContaining('subnet-0fffffff is not seen from here'),
    });
    await expect(machinesAt().status(nowhere, call)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  });

  it('tells a serverless runner by the service that keeps its task, in the cluster it was made in', async () => {
    const ecs = new ECSClient(client);
    const cluster = `c-${ids.next()}`;
    const machine = await aRunner({ type: 'serverless', cluster });
    const { name: serviceName } = machine;
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'f',
        containerDefinitions: [{ name: 'runner', image: 'x', memory: 128 }],
      }),
    );
    const tags = [{ key: 'polar-gosling-egg', value: 'web' }];
    await ecs.send(
      new CreateServiceCommand({ cluster, serviceName, taskDefinition: 'f', desiredCount: 1, tags }),
    );

    const running = await machinesAt(client.endpoint, 'of-today').status(machine, call);
    await ecs.send(new DeleteServiceCommand({ cluster, service: serviceName, force: true }));
    const gone = await machinesAt(client.endpoint, 'of-today').status(machine, call);

    expect(running).toMatchObject({ runnerId: machine.runnerId, egg: 'web', state: 'running' });
    expect(running?.resources).toEqual([
      { type: 'aws_ecs_task_definition', id: expect.stringMatching(/^arn:aws:ecs:.+task-definition\/f:1@/) },
      { type: 'aws_ecs_service', id: `${cluster}/${serviceName}@${region}` },
    ]);
    expect(gone?.state ?? 'gone').toBe('gone');
  });

  it('finds the task of a serverless runner whose service was never made, or is removed already', async () => {
    const ecs = new ECSClient(client);
    const cluster = `c-${ids.next()}`;
    const machine = await aRunner({ type: 'serverless', cluster });
    const { name: family } = machine;
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    const containerDefinitions = [{ name: 'runner', image: 'x', memory: 128 }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family: `${family}0`, containerDefinitions }));
    const look = () => machinesAt(client.endpoint, cluster).status(machine, call);

    const before = await look();
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({ family, containerDefinitions }),
    );
    const withoutService = await look();
    await ecs.send(new CreateServiceCommand({ cluster, serviceName: family, taskDefinition: family }));
    await ecs.send(new DeleteServiceCommand({ cluster, service: family, force: true }));
    const afterService = await look();
    await ecs.send(
      new DeregisterTaskDefinitionCommand({ taskDefinition: String(taskDefinition?.taskDefinitionArn) }),
    );
    const after = await look();

    const left = {
      runnerId: machine.runnerId,
      installation,
      state: 'gone',
      resources: [{ type: 'aws_ecs_task_definition', id: `${taskDefinition?.taskDefinitionArn}@${region}` }],
    };
    expect(before).toBeUndefined();
    expect([withoutService, afterService]).toMatchObject([left, left]);
    expect(after?.resources ?? []).toEqual([]);
  });

  it('never takes an absent cluster for an absent machine', async () => {
    const machine = await aRunner({ type: 'serverless', cluster: 'no-such-cluster' });

    const looked = machinesAt().status(machine, call);

    await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  });
});

it('never takes a cloud that does not answer for an absent machine', async () => {
  const machines = machinesAt('http://127.0.0.1:9');

  const machine = { runnerId: 'r1', type: 'vm', region, installation: 'i', name: 'n', subnet: 's' } as const;
  const looked = machines.status(machine, call);

  await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  await expect(machines.list(call)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
});
