import { isCoded, Secret } from '@polar-gosling/kernel';
import type { CallOptions, SelfCheck } from '@polar-gosling/ports/secrets';
import { HealthAnswer, MountAnswer } from './schema.ts';
import { defaultMount, openVaultSecrets, type VaultSecretsOptions } from './secrets.ts';
import { createVaultClient, type VaultClient } from './vault-client.ts';

const probe = 'doctor/self-check/probe';
const role = 'the probe of the doctor';
const mostSkewMs = 2_000;
/** The time that Vault tells counts whole seconds. */
const stepMs = 1_000;

/** Does Vault answer, unsealed; is its clock ours; is the mount a KV engine of version 2; may we do what we must? */
export async function checkVault(
  options: VaultSecretsOptions,
  { signal }: CallOptions,
): Promise<readonly SelfCheck[]> {
  const client = createVaultClient(options);
  try {
    const reach = await look('reach', () => checkReach(client, options, signal));
    if (!reach.every(({ ok }) => ok)) return reach;
    const mount = await look('mount', () => checkMount(client, options, signal));
    if (!mount.every(({ ok }) => ok)) return [...reach, ...mount];
    return [...reach, ...mount, ...(await look('rights', () => checkRights(client, options, signal)))];
  } finally {
    await client.close();
  }
}

async function checkReach(
  client: VaultClient,
  { clock }: VaultSecretsOptions,
  signal: AbortSignal,
): Promise<SelfCheck[]> {
  const askedAt = clock.now();
  const answer = await client.call(
    { method: 'GET', path: 'sys/health', token: 'none' },
    { signal, role, op: 'unreadable' },
  );
  const health = HealthAnswer.safeParse(answer.body).data;
  const state = stateOf(answer.status, health);
  if (health === undefined || state !== undefined) {
    return [
      failed('reach', state ?? 'this is no Vault', 'see VAULT_ADDR or GOSLING_SECRETS_ENDPOINT; unseal it'),
    ];
  }
  const reach = {
    name: 'reach',
    ok: true,
    detail: `Vault ${health.version ?? ''} answers`.replace('  ', ' '),
  };
  const theirs = health.server_time_utc;
  if (theirs === undefined) return [reach];
  const tookMs = clock.now() - askedAt;
  const apartMs = Math.max(0, Math.abs(theirs * 1_000 - askedAt) - stepMs - tookMs);
  if (apartMs <= mostSkewMs) return [reach, { name: 'clock', ok: true, detail: 'agrees with Vault' }];
  const detail = `${Math.round(apartMs / 1_000)} s apart from Vault`;
  return [reach, failed('clock', detail, 'synchronise both clocks (NTP)')];
}

function stateOf(status: number, health: HealthAnswer | undefined): string | undefined {
  if (health === undefined) return undefined;
  if (!health.initialized) return 'Vault is not initialised';
  if (health.sealed) return 'Vault is sealed';
  if (health.standby || status === 429 || status === 473) return undefined;
  return status === 200 ? undefined : `Vault answers ${status}`;
}

async function checkMount(
  client: VaultClient,
  options: VaultSecretsOptions,
  signal: AbortSignal,
): Promise<SelfCheck[]> {
  const mount = options.mount ?? defaultMount;
  const answer = await client.call(
    { method: 'GET', path: `sys/internal/ui/mounts/${mount}` },
    { signal, role, op: 'unreadable' },
  );
  const found = MountAnswer.safeParse(answer.body).data?.data;
  if (found?.type === 'kv' && found.options?.['version'] === '2') {
    return [{ name: 'mount', ok: true, detail: `${mount}/ is a KV engine of version 2` }];
  }
  const detail = found === undefined ? `there is no ${mount}/` : `${mount}/ is no KV engine of version 2`;
  return [
    failed(
      'mount',
      detail,
      `vault secrets enable -path=${mount} -version=2 kv, or set GOSLING_SECRETS_MOUNT`,
    ),
  ];
}

async function checkRights(
  client: VaultClient,
  options: VaultSecretsOptions,
  signal: AbortSignal,
): Promise<SelfCheck[]> {
  const secrets = openVaultSecrets(options, client);
  const call = { signal, role };
  const value = new Secret(`probe-${options.ids.token(12)}`);
  await secrets.write(probe, value, call);
  const found = await secrets.read(probe, call);
  await secrets.list('doctor/', call);
  await secrets.remove(probe, call);
  if (found?.reveal() === value.reveal()) {
    return [{ name: 'rights', ok: true, detail: 'may write, read, list and remove' }];
  }
  return [failed('rights', 'what was written does not read back', 'see who else writes there')];
}

async function look(name: string, action: () => Promise<SelfCheck[]>): Promise<SelfCheck[]> {
  try {
    return await action();
  } catch (error) {
    if (!isCoded(error)) throw error;
    const mayBeRights = error.code === 'SECRET_DENIED';
    const fix = mayBeRights
      ? 'see VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, and the policy: create, read, update, list on data/, metadata/ and delete/ of the mount'
      : 'see VAULT_ADDR or GOSLING_SECRETS_ENDPOINT';
    return [failed(name, error.message, fix)];
  }
}

function failed(name: string, detail: string, fix: string): SelfCheck {
  return { name, ok: false, detail, fix };
}
