import type { CloudCalls, IamTokens } from '@polar-gosling/adapter-yandex';
import type { Clock, Masker } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { proxyOf } from '../proxy-of.ts';
import { cloudSecrets } from './provider-env.ts';

export interface YandexTokensDeps {
  readonly secrets: SecretStore;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly masker: Masker;
  /** Other addresses than Yandex Cloud's own, for tests. */
  readonly yandexAt?: { readonly iamUrl: string; readonly metadataUrl: string };
}

/** Any of them names a static key, as AWS's SDK finds one. */
const staticKeys = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE'];

/** Does the environment name a key that AWS's protocols are signed with, so that no token is needed? */
export function hasStaticKey(environment: YandexTokensDeps['environment']): boolean {
  return staticKeys.some((name) => environment[name]);
}

/** Tokens by the key of the secret store, else by the service account of the host; `calls` are the caller's to close. */
export async function openYandexTokens(
  deps: YandexTokensDeps,
): Promise<{ readonly calls: CloudCalls; readonly tokens: IamTokens }> {
  const { createCloudCalls, createIamTokens } = await import('@polar-gosling/adapter-yandex');
  const { secrets, clock, masker, yandexAt } = deps;
  const calls = createCloudCalls({ proxy: proxyOf(deps.environment) });
  const tokens = createIamTokens({
    async identity(options) {
      const json = await secrets.read(cloudSecrets.yandexKey, options);
      return json === undefined ? { kind: 'host' } : { kind: 'key', json };
    },
    ...{ calls, clock, masker },
    ...yandexAt,
  });
  return { calls, tokens };
}
