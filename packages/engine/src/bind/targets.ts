import { type EggConfig, type EggScope, serverSlug } from '@polar-gosling/domain';
import type { GitlabTarget } from '@polar-gosling/ports/gitlab';
import { type SecretStore, secretErrors } from '@polar-gosling/ports/secrets';
import type { CallOptions } from '@polar-gosling/ports/store';
import { readCaCertificates } from './ca-file.ts';

/** The layout of secrets (docs/architecture.md), without the installation's scheme. */
export const references = {
  apiToken: (server: string, egg: string) => `gitlab/${serverSlug(server)}/${egg}/api-token`,
  runnerToken: (server: string, egg: string, nth: number) =>
    `gitlab/${serverSlug(server)}/${egg}/runner-token${nth === 0 ? '' : `-${nth + 1}`}`,
  webhookSecret: (server: string, egg: string) => `gitlab/${serverSlug(server)}/${egg}/webhook-secret`,
  signingToken: (server: string, egg: string) => `gitlab/${serverSlug(server)}/${egg}/signing-token`,
  deployKey: 'deploy-keys/mothergoose-private',
  cliToken: 'api-keys/cli-admin',
  triggerToken: 'api-keys/trigger-auth-token',
} as const;

export interface TargetDeps {
  readonly secrets: SecretStore;
  /** Text of a CA file named in Fly, as it is; `undefined` when it cannot be read. */
  readonly readCaFile: (path: string) => string | undefined;
}

/** Where and as whom to call GitLab for an Egg's scope. Fails with SECRET_MISSING naming what to put where. */
export async function targetOf(
  deps: TargetDeps,
  at: { egg: string; scope: Pick<EggScope, 'server' | 'url' | 'caFile' | 'apiTokenSecret'> },
  options: CallOptions,
): Promise<GitlabTarget> {
  const { egg, scope } = at;
  const own = scope.apiTokenSecret ?? references.apiToken(scope.server, egg);
  const fallback = references.apiToken(scope.server, 'default');
  const token = (await deps.secrets.read(own, options)) ?? (await deps.secrets.read(fallback, options));
  if (token === undefined) {
    throw secretErrors.missing({
      role: `API token of egg ${egg} on ${scope.server}`,
      fix: `store one with: gosling secret put ${own}`,
    });
  }
  const caPem = readCaCertificates(deps, { file: scope.caFile, egg });
  return { url: scope.url, token, ...(caPem === undefined ? {} : { caPem }) };
}

/** The Egg's scope that a registration serves, else another on its server; `undefined`: the Egg has left that server. */
export function scopeOf(
  egg: EggConfig,
  registration: { server: string; scope: string; scope_id: number },
): EggScope | undefined {
  const here = egg.scopes.filter(({ server }) => server === registration.server);
  const own = here.find(
    ({ scope, scopeId }) => scope === registration.scope && scopeId === registration.scope_id,
  );
  return own ?? here[0];
}
