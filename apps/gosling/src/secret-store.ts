import { type OpenedSecrets, openSecrets, type SecretsSettings } from '@polar-gosling/wiring';
import type { CliContext } from './cli/command.ts';
import { cliErrors } from './cli-errors.ts';

const backends = ['local', 'aws-sm', 'vault', 'yc-lockbox'] as const;

/** Where the installation keeps its secrets: `GOSLING_SECRETS` and what goes with it, as the services read them. */
export function secretsSettings({ env }: Pick<CliContext, 'env'>): SecretsSettings {
  const given = (name: string) => env[name] || undefined;
  const named = given('GOSLING_SECRETS') ?? 'local';
  const backend = backends.find((known) => known === named);
  if (backend === undefined) {
    throw cliErrors.badConfig({ problems: [`GOSLING_SECRETS: one of ${backends.join(', ')}`] });
  }
  return {
    backend,
    endpoint: given('GOSLING_SECRETS_ENDPOINT'),
    region: given('GOSLING_SECRETS_REGION') ?? given('AWS_REGION') ?? given('AWS_DEFAULT_REGION'),
    folder: given('GOSLING_SECRETS_FOLDER'),
    mount: given('GOSLING_SECRETS_MOUNT'),
    namespace: given('GOSLING_SECRETS_NAMESPACE'),
  };
}

/** The installation's secret store, opened directly: safe beside a running instance. */
export function openSecretStore(
  context: Pick<CliContext, 'config' | 'clock' | 'ids' | 'masker' | 'env'>,
): OpenedSecrets {
  const { config, clock, ids, masker, env } = context;
  return openSecrets({
    settings: secretsSettings(context),
    dataDir: config.dataDir,
    clock,
    ids,
    masker,
    environment: env,
  });
}

/** The same for one command: what it opened (a client of Vault) is closed when the command has ended. */
export async function withSecretStore<Result>(
  context: Parameters<typeof openSecretStore>[0],
  action: (secrets: OpenedSecrets) => Promise<Result>,
): Promise<Result> {
  const secrets = openSecretStore(context);
  try {
    return await action(secrets);
  } finally {
    await secrets.close();
  }
}
