import { join } from 'node:path';
import { createLocalSecrets } from '@polar-gosling/adapter-local';
import type { Clock } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';

/** The installation's own secret file, for the CLI as for the services; safe beside a running instance. */
export function openLocalSecrets(at: { dataDir: string; clock: Clock }): SecretStore {
  return createLocalSecrets(at);
}

/** Where an embedded instance tells the CLI how to reach it. */
export function instanceFiles(dataDir: string): { url: string; token: string } {
  return {
    url: join(dataDir, 'url'),
    token: join(dataDir, 'cli-token'),
  };
}
