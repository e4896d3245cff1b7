import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalSecrets, localSecretPaths } from '@polar-gosling/adapter-local';
import type { VaultLogin } from '@polar-gosling/adapter-vault';
import {
  type Clock,
  type IdSource,
  type Masker,
  printSecretUri,
  Secret,
  type SecretBackend,
} from '@polar-gosling/kernel';
import {
  type CallOptions,
  locateSecret,
  type SecretHome,
  type SecretStore,
  type SelfCheck,
} from '@polar-gosling/ports/secrets';
import { createSecretRouter } from '@polar-gosling/ports/secrets/router';
import { checkMode } from './engines/check-mode.ts';
import { proxiesOf, proxyOf } from './proxy-of.ts';

/** `GOSLING_SECRETS` and `GOSLING_SECRETS_*`. */
export interface SecretsSettings {
  readonly backend: SecretBackend;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly folder?: string | undefined;
  readonly mount?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface SecretsDeps {
  readonly settings: SecretsSettings;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly masker: Masker;
  /** Of the host: Vault's and AWS's own variables, and proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface OpenedSecrets extends SecretStore {
  close(): Promise<void>;
}

const noLockbox = 'this release does not read Lockbox; keep it in local, aws-sm or vault';
const noVault = 'set VAULT_ADDR, and VAULT_TOKEN or VAULT_ROLE_ID and VAULT_SECRET_ID';

/**
 * Secrets of the layout in the installation's backend, and those that a URI names in any backend this process can
 * reach. A backend is opened when it is first asked.
 */
export function openSecrets(deps: SecretsDeps): OpenedSecrets {
  const closers: (() => Promise<void>)[] = [];
  const backends = {
    local: openLocalSecrets(deps),
    'aws-sm': lazySecrets(async () => {
      const { createAwsSecrets } = await import('@polar-gosling/adapter-aws');
      return createAwsSecrets(awsOptions(deps));
    }),
    vault: lazyVault(deps, (close) => closers.push(close)),
    'yc-lockbox': noLockbox,
  };
  return {
    ...createSecretRouter({ home: deps.settings.backend, backends }),
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}

/** What the installation's backend tells of itself, for `gosling doctor`. */
export async function checkSecrets(deps: SecretsDeps, options: CallOptions): Promise<readonly SelfCheck[]> {
  const { backend } = deps.settings;
  if (backend === 'aws-sm') {
    const { checkSecretsManager } = await import('@polar-gosling/adapter-aws');
    return checkSecretsManager(awsOptions(deps), options);
  }
  if (backend === 'vault') {
    const access = vaultAccess(deps);
    if (access === undefined) return [unreachable('there is no way to Vault', noVault)];
    const { checkVault } = await import('@polar-gosling/adapter-vault');
    return checkVault(await vaultOptions(deps, access), options);
  }
  if (backend === 'yc-lockbox') return [unreachable('Lockbox cannot be reached', noLockbox)];
  const references = await openLocalSecrets(deps).list('', options);
  const reach = { name: 'reach', ok: true, detail: `the secret file holds ${references.length} secrets` };
  const { key } = localSecretPaths(deps.dataDir);
  const found = await stat(key).catch(() => undefined);
  return found === undefined ? [reach] : [reach, checkMode(key, found.mode)];
}

/** Where a reference of the layout lies, as a URI: for `gosling secret explain`. */
export function placeOfSecret(reference: string, settings: SecretsSettings): string {
  return printSecretUri(locateSecret(reference, homeOf(reference, settings)));
}

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

function homeOf(reference: string, settings: SecretsSettings): SecretHome {
  const named = /^([a-z-]+):\/\//.exec(reference)?.[1];
  if (named !== undefined) return { backend: named as SecretBackend };
  const { backend, mount = 'secret', folder } = settings;
  if (backend === 'aws-sm') return { backend, prefix: 'gosling/' };
  if (backend === 'vault') return { backend, mount };
  return backend === 'yc-lockbox' && folder !== undefined ? { backend, folder } : { backend };
}

function unreachable(detail: string, fix: string): SelfCheck {
  return { name: 'reach', ok: false, detail, fix };
}

function awsOptions({ settings, clock, ids, environment }: SecretsDeps) {
  // The endpoint and region are those of the installation's backend; a URI to another one goes to the SDK's defaults.
  const isHome = settings.backend === 'aws-sm';
  return {
    clock,
    ids,
    proxies: proxiesOf(environment),
    ...(isHome && settings.endpoint ? { endpoint: settings.endpoint } : {}),
    ...(isHome && settings.region ? { region: settings.region } : {}),
  };
}

function lazyVault(deps: SecretsDeps, onOpen: (close: () => Promise<void>) => void): SecretStore | string {
  const access = vaultAccess(deps);
  if (access === undefined) return noVault;
  return lazySecrets(async () => {
    const { createVaultSecrets } = await import('@polar-gosling/adapter-vault');
    const secrets = createVaultSecrets(await vaultOptions(deps, access));
    onOpen(() => secrets.close());
    return secrets;
  });
}

interface VaultAccess {
  readonly address: string;
  readonly login: VaultLogin;
}

/** Vault's own variables, as its command line knows them; `undefined` when they do not suffice. */
function vaultAccess({ settings, environment }: SecretsDeps): VaultAccess | undefined {
  const { VAULT_ADDR, VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = environment;
  const given = settings.backend === 'vault' ? settings.endpoint : undefined;
  const address = given || VAULT_ADDR;
  if (!address || !URL.canParse(address)) return undefined;
  if (roleId && secretId)
    return { address, login: { kind: 'approle', roleId, secretId: new Secret(secretId) } };
  return token ? { address, login: { kind: 'token', token: new Secret(token) } } : undefined;
}

async function vaultOptions(deps: SecretsDeps, access: VaultAccess) {
  const { settings, environment, clock, ids, masker } = deps;
  const namespace = settings.namespace || environment['VAULT_NAMESPACE'];
  const caFile = environment['VAULT_CACERT'];
  return {
    ...access,
    clock,
    ids,
    masker,
    ...(settings.mount ? { mount: settings.mount } : {}),
    ...(namespace ? { namespace } : {}),
    ...(caFile ? { caPem: await readFile(caFile, 'utf8') } : {}),
    proxy: proxyOf(environment),
  };
}

/** Opened by the first call; one that could not be opened (its CA file was missing) is tried again by the next. */
export function lazySecrets(open: () => Promise<SecretStore>): SecretStore {
  let opened: Promise<SecretStore> | undefined;
  const store = (): Promise<SecretStore> => {
    const opening = opened ?? open();
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  return {
    read: async (reference, options) => (await store()).read(reference, options),
    write: async (reference, value, options) => (await store()).write(reference, value, options),
    writeIfAbsent: async (reference, value, options) =>
      (await store()).writeIfAbsent(reference, value, options),
    remove: async (reference, options) => (await store()).remove(reference, options),
    list: async (prefix, options) => (await store()).list(prefix, options),
  };
}
