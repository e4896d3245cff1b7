import type { SecretStore } from '@polar-gosling/ports/secrets';
import { openLocalSecrets } from '@polar-gosling/wiring';
import type { CliContext } from './cli/command.ts';

/** The installation's secret store, opened directly: safe beside a running instance. */
export function openSecretStore(context: Pick<CliContext, 'config' | 'clock'>): SecretStore {
  return openLocalSecrets({ dataDir: context.config.dataDir, clock: context.clock });
}
