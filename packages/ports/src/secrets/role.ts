import { looksLikeSecretUri, parseSecretUri } from '@polar-gosling/kernel';

const own: Readonly<Record<string, string>> = {
  'nest/repo-url': 'address of the Nest',
  'api-keys/trigger-auth-token': 'token of the timers',
  'api-keys/cli-admin': "the CLI's API token",
  'store/keyring': 'keys of the store',
  'store/state-keys': 'passphrases of the OpenTofu states',
};

/** What a secret is for, by its place in the one layout of references; of others the backend. */
export function secretRole(reference: string): string {
  const known = Object.hasOwn(own, reference) ? own[reference] : undefined;
  if (known !== undefined) return known;
  if (looksLikeSecretUri(reference)) return roleOfUri(reference);
  const [kind, server, egg, name] = reference.split('/');
  if (kind === 'gitlab' && server !== undefined && egg !== undefined && name !== undefined) {
    const whose = egg === 'default' ? `every Egg without its own` : `egg ${egg}`;
    return `${name} of ${whose} on ${server.replace('_', ':')}`;
  }
  if (kind === 'deploy-keys') {
    const half = reference.endsWith('-public') ? 'public' : 'private';
    return `${half} deploy key of ${(server ?? '').replace(/-(public|private)$/, '')}`;
  }
  return 'secret of your own';
}

function roleOfUri(text: string): string {
  const result = parseSecretUri(text);
  return result.kind === 'ok' ? `secret of your own in ${result.uri.backend}` : 'secret of your own';
}
