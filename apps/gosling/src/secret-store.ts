import { type OpenedSecrets, openSecrets, type SecretsSettings } from '@polar-gosling/wiring';
import type { CliContext } from './cli/command.ts';

/** Where the installation keeps its secrets. */
export const secretsSettings: SecretsSettings = { backend: 'local' };

/** The installation's secret store, opened directly: safe beside a running instance. */
export function openSecretStore(
  context: Pick<CliContext, 'config' | 'clock' | 'ids' | 'masker' | 'env'>,
): OpenedSecrets {
  const { config, clock, ids, masker, env } = context;
  return openSecrets({
    settings: secretsSettings,
    dataDir: config.dataDir,
    clock,
    ids,
    masker,
    environment: env,
  });
}
