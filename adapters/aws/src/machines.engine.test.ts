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
    ...{ installation, endpoint: url, credentials: async () => credentials },
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
  const looked = machinesAt('http://127.0.0.1:9').status({ runnerId: 'r1', type: 'vm', region }, call);

  await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
});
