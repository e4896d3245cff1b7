import { defineErrors, type Secret } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';

/** Where the credentials of a cloud lie, where the host's own role does not do. */
export const cloudSecrets = {
  awsKeyId: 'clouds/aws/access-key-id',
  awsKey: 'clouds/aws/secret-access-key',
  yandexKey: 'clouds/yandex/service-account-key',
} as const;

export const cloudErrors = defineErrors('CLOUDS', {
  wrong: {
    message: (p: { place: string; problems: string }) => `the clouds in ${p.place} are wrong: ${p.problems}`,
    http: 500,
    retry: 'never',
  },
  unreadable: {
    message: (p: { place: string; reason: string }) =>
      `the clouds of GOSLING_CLOUDS cannot be read from ${p.place}: ${p.reason}`,
    http: 500,
    retry: 'never',
  },
  halfKey: {
    message: (p: { missing: string }) =>
      `one half of the AWS key is stored and the other is not: gosling secret put ${p.missing}`,
    http: 500,
    retry: 'never',
  },
});

type Environment = Readonly<Record<string, string | undefined>>;
type Options = { readonly signal: AbortSignal };

/** What the AWS provider finds credentials by on a host that has a role, or that its operator has set up. */
const awsOfHost = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE'],
  ...['AWS_ROLE_ARN', 'AWS_ROLE_SESSION_NAME', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ...['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  ...['AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'],
  'AWS_EC2_METADATA_DISABLED',
];

export interface AwsKey {
  readonly id: Secret;
  readonly key: Secret;
}

/** The key of the secret store; `undefined` where there is none and the host's own way is meant. */
export async function readAwsKey(secrets: SecretStore, options: Options): Promise<AwsKey | undefined> {
  const { awsKeyId, awsKey } = cloudSecrets;
  const id = await secrets.read(awsKeyId, options);
  const key = await secrets.read(awsKey, options);
  if (id === undefined && key === undefined) return undefined;
  if (id === undefined) throw cloudErrors.halfKey({ missing: awsKeyId });
  if (key === undefined) throw cloudErrors.halfKey({ missing: awsKey });
  return { id, key };
}

/** Environment of the AWS provider: the stored key and nothing else, or what the host's role is found by. */
export function awsEnvironment(key: AwsKey | undefined, host: Environment): Record<string, string> {
  if (key !== undefined) {
    return { AWS_ACCESS_KEY_ID: key.id.reveal(), AWS_SECRET_ACCESS_KEY: key.key.reveal() };
  }
  return Object.fromEntries(
    awsOfHost.flatMap((name) => {
      const value = host[name];
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );
}
