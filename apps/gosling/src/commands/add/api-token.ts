import { serverSlug } from '@polar-gosling/domain';
import { Secret } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { CliContext } from '../../cli/command.ts';

const webhookSecretBytes = 32;

export interface ApiToken {
  readonly value: Secret | undefined;
  /** Given now, so that it must be stored. */
  readonly isNew: boolean;
}

/** From stdin, else the one that is stored, else asked for. */
export async function apiToken(
  context: CliContext,
  at: { secrets: SecretStore; name: string; server: string; isPiped: boolean },
): Promise<ApiToken> {
  const { prompter, signal, masker } = context;
  if (at.isPiped) {
    const value = await prompter.stdin('--api-token-stdin');
    masker.add(value);
    return { value, isNew: true };
  }
  const own = await at.secrets.read(tokenReference(at.server, at.name), { signal });
  const stored = own ?? (await at.secrets.read(tokenReference(at.server, 'default'), { signal }));
  if (stored !== undefined) {
    masker.add(stored);
    return { value: stored, isNew: false };
  }
  const what = `GitLab API token for ${at.server} (scope api)`;
  const value = await prompter.secret({ what, flag: '--api-token-stdin' });
  masker.add(value);
  return { value, isNew: true };
}

/** The webhook secret, where there is none yet, and the API token that was given now. */
export async function storeSecrets(
  { signal, ids }: CliContext,
  at: { secrets: SecretStore; name: string; server: string; token: ApiToken },
): Promise<void> {
  const { secrets, name, server, token } = at;
  const webhook = `gitlab/${serverSlug(server)}/${name}/webhook-secret`;
  await secrets.writeIfAbsent(webhook, new Secret(ids.token(webhookSecretBytes)), { signal });
  if (token.isNew && token.value !== undefined) {
    await secrets.write(tokenReference(server, name), token.value, { signal });
  }
}

function tokenReference(server: string, name: string): string {
  return `gitlab/${serverSlug(server)}/${name}/api-token`;
}
