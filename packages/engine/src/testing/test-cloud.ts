import type { EngineSettings } from '../api/engine.ts';
import type { ControlPlane } from './control-plane.ts';
import { direct } from './install.ts';

/** Lines that make an Egg of `eggText` one of AWS, where `cloudSettings` has all that it needs. */
export const onAws: readonly string[] = [
  '  }',
  '  cloud {',
  '    provider = "aws"',
  '    region = "eu-central-1"',
];

/** The same for Yandex Cloud, where a serverless runner is an invocation of a container. */
export const onYandex: readonly string[] = [
  '  }',
  '  cloud {',
  '    provider = "yandex"',
  '    region = "ru-central1"',
];

export const cloudSettings: Pick<EngineSettings, 'clouds'> = {
  clouds: {
    yandex: {
      ...{
        subnets: { 'ru-central1-a': 'subnet-2' },
        securityGroups: [],
        runnerImage: 'cr.yandex/r/runner:1',
      },
      ...{ invoker: 'aje1', networkId: 'enp1', role: 'aje2' },
    },
    aws: {
      ...{ subnets: { 'eu-central-1a': 'subnet-1' }, securityGroups: [], runnerImage: 'runner:1' },
      ...{ cluster: 'arn:aws:ecs:eu-central-1:1:cluster/c', executionRole: 'arn:aws:iam::1:role/r' },
    },
  },
};

/** The agent that machines in a cloud fetch: without one none is launched. */
export async function publishAgent({ deps }: Pick<ControlPlane, 'deps'>): Promise<void> {
  const row = {
    ...{ version_id: 'one', release: '1.0.0', source: 'github', platform: 'linux_amd64', active: true },
    ...{ sha256_hash: 'a'.repeat(64), activated_at: deps.clock.now() },
  };
  await deps.store.commit([{ kind: 'put', table: 'gosling_version', row, when: { kind: 'any' } }], direct);
}
