import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { physicalName } from '@polar-gosling/domain';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
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

function machinesAt(url = client.endpoint, cluster?: string) {
  return createAwsMachines({
    ...{ installation, regions: [region], endpoint: url, credentials: async () => credentials },
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
    const machine = { runnerId: ids.next(), type: 'vm', region } as const;
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
    expect(gone?.state).toBe('gone');
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations).toHaveLength(1);
  });

  it('lists the instances and services of this installation that are not gone', async () => {
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
    for (const [runner, owner] of Object.entries({ r1: installation, r2: installation, r3: 'theirs' })) {
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

    const found = await machinesAt(client.endpoint, cluster).list(call);

    expect(found.map(({ runnerId, egg, state }) => [runnerId, egg, state]).toSorted()).toEqual([
      ['r1', 'web', 'running'],
      ['s1', 'web', 'running'],
      ['s2', 'web', 'running'],
    ]);
    expect(found.find(({ runnerId }) => runnerId === 's2')?.resources?.at(-1)).toEqual({
      type: 'aws_ecs_service',
      id: `${cluster.split('/')[1]}/s-r2@${region}`,
    });
  });

  it('knows none of another installation', async () => {
    const machine = { runnerId: ids.next(), type: 'vm', region } as const;

    expect(await machinesAt().status(machine, call)).toBeUndefined();
  });

  it('tells a serverless runner by the service that keeps its task', async () => {
    const ecs = new ECSClient(client);
    const machine = { runnerId: ids.next(), type: 'serverless', region } as const;
    const cluster = `c-${ids.next()}`;
    const serviceName = physicalName('runner', `${installation}/${machine.runnerId}`);
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

    const running = await machinesAt(client.endpoint, cluster).status(machine, call);
    await ecs.send(new DeleteServiceCommand({ cluster, service: serviceName, force: true }));
    const gone = await machinesAt(client.endpoint, cluster).status(machine, call);

    expect(running).toMatchObject({ runnerId: machine.runnerId, egg: 'web', state: 'running' });
    expect(running?.resources).toEqual([
      { type: 'aws_ecs_task_definition', id: expect.stringMatching(/^arn:aws:ecs:.+task-definition\/f:1@/) },
      { type: 'aws_ecs_service', id: `${cluster}/${serviceName}@${region}` },
    ]);
    expect(gone?.state ?? 'gone').toBe('gone');
  });

  it('never takes an absent cluster for an absent machine', async () => {
    const machine = { runnerId: ids.next(), type: 'serverless', region } as const;

    const looked = machinesAt(client.endpoint, 'no-such-cluster').status(machine, call);

    await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  });
});

it('never takes a cloud that does not answer for an absent machine', async () => {
  const machines = machinesAt('http://127.0.0.1:9');

  const looked = machines.status({ runnerId: 'r1', type: 'vm', region }, call);

  await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  await expect(machines.list(call)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
});
