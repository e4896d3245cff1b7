import { createMasker, Secret } from '@polar-gosling/kernel';
import { describeRunnerStartContract } from '@polar-gosling/ports/runner-start/contract';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createCloudCalls } from './cloud-calls.ts';
import { createIamTokens } from './iam-tokens.ts';
import { createYandexRunnerStart } from './runner-start.ts';
import { type FakeCloud, startFakeCloud } from './testing/fake-cloud.ts';

const { signal } = new AbortController();
const opened: FakeCloud[] = [];
afterEach(async () => {
  for (const cloud of opened.splice(0)) await cloud.close();
});

async function open() {
  const clock = createFakeClock();
  const cloud = await startFakeCloud(clock);
  opened.push(cloud);
  cloud.containers.add('bba0');
  const calls = createCloudCalls({});
  const tokens = createIamTokens({
    identity: async () => ({ kind: 'key', json: new Secret(cloud.keyJson) }),
    ...{ calls, clock, masker: createMasker(), iamUrl: cloud.url },
  });
  const isContainer = (url: URL) => url.origin === cloud.url;
  return { cloud, calls, tokens, port: createYandexRunnerStart({ calls, tokens, isContainer }) };
}

describeRunnerStartContract({
  name: 'yandex serverless containers (strict fake)',
  async create() {
    const { cloud, port } = await open();
    return {
      port,
      container: { id: 'bba0', url: cloud.addressOf('bba0') },
      taken: () => cloud.taken.map(({ body }) => body),
      answer: (how) => cloud.failInvocations({ takes: undefined, refuses: 403, 'is away': 503 }[how]),
    };
  },
});

describe('an invocation', () => {
  const request = {
    ...{ runnerId: 'r1', eggName: 'web', goslingUrl: 'https://gosling.example.com' },
    bootstrapToken: new Secret('one-time'),
  };

  it('asks only what the service documents', async () => {
    const { cloud, port } = await open();

    await port.start({ ...request, container: { id: 'bba0', url: cloud.addressOf('bba0') } }, { signal });

    expect(cloud.complaints).toEqual([]);
    expect(cloud.taken.map(({ container }) => container)).toEqual(['bba0']);
  });

  it.each([
    'https://containers.example.com/bba0/',
    'http://bba0.containers.yandexcloud.net/',
    'https://bba0.containers.yandexcloud.net.example.com/',
    'https://bba0.containers.yandexcloud.net:8443/',
    'none',
  ])('sends no token to %s', async (url) => {
    const { cloud, calls, tokens } = await open();

    const started = createYandexRunnerStart({ calls, tokens }).start(
      { ...request, container: { id: 'bba0', url } },
      { signal },
    );

    await expect(started).rejects.toMatchObject({ code: 'RUNNER_START_REFUSED' });
    expect(cloud.tokensGiven()).toBe(0);
  });

  it('names the role that a refused service account lacks', async () => {
    const { cloud, port } = await open();
    cloud.failInvocations(403);

    const started = port.start(
      { ...request, container: { id: 'bba0', url: cloud.addressOf('bba0') } },
      { signal },
    );

    await expect(started).rejects.toThrow('serverless-containers.containerInvoker');
  });
});
