import { createMasker, Secret } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCloudCalls } from './cloud-calls.ts';
import { createIamTokens, type YandexIdentity } from './iam-tokens.ts';
import { type FakeCloud, startFakeCloud } from './testing/fake-cloud.ts';

const options = { signal: new AbortController().signal };
const hourMs = 3_600_000;
const clock = createFakeClock();
const masker = createMasker();
let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud(clock);
});
afterEach(() => cloud.close());

function open(identity: YandexIdentity) {
  const calls = createCloudCalls({});
  const at = { iamUrl: cloud.url, metadataUrl: cloud.url };
  return createIamTokens({ identity: async () => identity, calls, clock, masker, ...at });
}
const byKey = () => open({ kind: 'key', json: new Secret(cloud.keyJson) });

it('trades a signed JWT for a token, which is masked from then on', async () => {
  const token = await byKey().current(options);

  expect(cloud.complaints).toEqual([]);
  expect(masker.mask(`x ${token.reveal()} y`)).not.toContain(token.reveal());
});

it('uses the token of the host where there is no key', async () => {
  const token = await open({ kind: 'host' }).current(options);

  expect(token.reveal()).toBe('t1.fake-0');
  expect(cloud.complaints).toEqual([]);
});

it('asks once for many at the same time, and again after an hour', async () => {
  const tokens = byKey();

  const both = await Promise.all([tokens.current(options), tokens.current(options)]);
  await tokens.current(options);
  const given = cloud.tokensGiven();
  await clock.advance(hourMs + 1);
  const later = await tokens.current(options);

  expect(given).toBe(1);
  expect(both[0]).toBe(both[1]);
  expect(later.reveal()).not.toBe(both[0].reveal());
});

it('tries again after a failure', async () => {
  const tokens = byKey();
  cloud.fail(503);
  await expect(tokens.current(options)).rejects.toMatchObject({ code: 'YANDEX_UNAVAILABLE' });
  cloud.fail(undefined);

  expect((await tokens.current(options)).reveal()).toBe('t1.fake-0');
});

it.each([
  ['no JSON', 'canary-key'],
  ['no key', JSON.stringify({ id: 'a', service_account_id: 'b', private_key: 'canary-key' })],
])('says what to do about a secret that is %s, and nothing of it', async (_what, json) => {
  const failed = await open({ kind: 'key', json: new Secret(json) })
    .current(options)
    .catch((error: unknown) => error);

  expect(failed).toMatchObject({ code: 'YANDEX_KEY_WRONG' });
  expect(String(failed)).toContain('gosling secret put clouds/yandex/service-account-key');
  expect(`${failed} ${JSON.stringify(failed)}`).not.toContain('canary');
});

it('says that a withdrawn key is refused', async () => {
  cloud.fail(401);

  await expect(byKey().current(options)).rejects.toMatchObject({ code: 'YANDEX_DENIED' });
});
