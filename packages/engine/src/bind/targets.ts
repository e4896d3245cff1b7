import { type EggConfig, type EggScope, serverSlug } from '@polar-gosling/domain';
import type { Secret } from '@polar-gosling/kernel';
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
  uglyFoxDeployKey: 'deploy-keys/uglyfox-private',
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
  const token = await apiTokenOf(deps, at, options);
  const caPem = readCaCertificates(deps, { file: scope.caFile, egg });
  return { url: scope.url, token, ...(caPem === undefined ? {} : { caPem }) };
}

/** Of the place that Fly names, else of the layout: the Egg's own, or the server's for every Egg without one. */
async function apiTokenOf(
  deps: TargetDeps,
  { egg, scope }: { egg: string; scope: Pick<EggScope, 'server' | 'apiTokenSecret'> },
  options: CallOptions,
): Promise<Secret> {
  const role = `API token of egg ${egg} on ${scope.server}`;
  const call = { ...options, role };
  const named = scope.apiTokenSecret;
  if (named !== undefined) {
    const token = await deps.secrets.read(named, call);
    if (token !== undefined) return token;
    throw secretErrors.missing({ role, fix: 'put it where its api_token_secret points to' });
  }
  const own = references.apiToken(scope.server, egg);
  const fallback = references.apiToken(scope.server, 'default');
  const token = (await deps.secrets.read(own, call)) ?? (await deps.secrets.read(fallback, call));
  if (token !== undefined) return token;
  throw secretErrors.missing({ role, fix: `store one with: gosling secret put ${own}` });
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
