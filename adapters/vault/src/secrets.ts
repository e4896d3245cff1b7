import { mapLimit, retryDelayMs, Secret, type SecretUri } from '@polar-gosling/kernel';
import {
  checkReference,
  checkSecretValue,
  locateForWriting,
  locateSecret,
  roleOf,
  type SecretCall,
  type SecretStore,
  secretErrors,
} from '@polar-gosling/ports/secrets';
import { createKv, type Kv, type KvPath } from './kv.ts';
import { createVaultClient, type VaultClient, type VaultOptions } from './vault-client.ts';

export interface VaultSecretsOptions extends VaultOptions {
  /** Path of the KV engine that holds the installation's layout. */
  readonly mount?: string;
}

export interface VaultSecrets extends SecretStore {
  close(): Promise<void>;
}

export const defaultMount = 'secret';
const attempts = 12;
const backOff = { attempts, baseMs: 50, capMs: 2_000 };
const readersAtOnce = 4;
/** A layout is no deeper; somebody else's may be. */
const deepest = 16;
const maxSecretBytes = 65_536;

/** Secrets in a KV engine (version 2) of HashiCorp Vault or OpenBao: one secret holds the fields of one Egg. */
export function createVaultSecrets(options: VaultSecretsOptions): VaultSecrets {
  return openVaultSecrets(options, createVaultClient(options));
}

export function openVaultSecrets(options: VaultSecretsOptions, client: VaultClient): VaultSecrets {
  const kv = createKv(client);
  const home = { backend: 'vault', mount: options.mount ?? defaultMount } as const;
  const change = (reference: string, call: SecretCall, next: Next): Promise<string | undefined> => {
    const role = roleOf(reference, call);
    const uri = locateForWriting(reference, home, role);
    return changeField({ ...options, kv }, { uri, next, call: { signal: call.signal, role } });
  };

  return {
    async read(reference, call) {
      call.signal.throwIfAborted();
      const role = roleOf(reference, call);
      const uri = locateSecret(reference, home, role);
      const found = await kv.read({ ...pathOf(uri), version: uri.version }, { signal: call.signal, role });
      const text = textOf(found?.fields, uri.key);
      return text === undefined ? undefined : new Secret(text);
    },
    async write(reference, value, call) {
      call.signal.throwIfAborted();
      const text = checkSecretValue(roleOf(reference, call), value).reveal();
      await change(reference, call, (present) => (present === text ? 'keep' : { set: text }));
    },
    async writeIfAbsent(reference, value, call) {
      call.signal.throwIfAborted();
      const text = checkSecretValue(roleOf(reference, call), value).reveal();
      const inForce = await change(reference, call, (present) =>
        present === undefined ? { set: text } : 'keep',
      );
      return new Secret(inForce ?? text);
    },
    async remove(reference, call) {
      call.signal.throwIfAborted();
      await change(reference, call, (present) => (present === undefined ? 'keep' : 'remove'));
    },
    async list(prefix, { signal }) {
      signal.throwIfAborted();
      const call = { signal, role: 'secrets' };
      const start = prefix.slice(0, Math.max(prefix.lastIndexOf('/'), 0));
      const names = await namesBelow(kv, { mount: home.mount, path: start }, call);
      const paths = start === '' ? names : [start, ...names];
      const found = await mapLimit(paths, { limit: readersAtOnce, signal }, async (path, each) => {
        const version = await kv.read({ mount: home.mount, path }, { ...call, signal: each });
        return Object.keys(version?.fields ?? {}).map((key) => `${path}/${key}`);
      });
      const references = found.flat().filter((each) => each.startsWith(prefix) && isReference(each));
      return references.toSorted();
    },
    close: () => client.close(),
  };
}

type Next = (present: string | undefined) => 'keep' | 'remove' | { readonly set: string };

interface Change {
  readonly uri: SecretUri;
  readonly next: Next;
  readonly call: { readonly signal: AbortSignal; readonly role: string };
}

/** Changes one field and answers what is in force then; whoever comes second reads again. */
async function changeField(
  deps: VaultSecretsOptions & { kv: Kv },
  { uri, next, call }: Change,
): Promise<string | undefined> {
  const at = pathOf(uri);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await deps.kv.read(at, call);
    const present = textOf(before?.fields, uri.key);
    const outcome = next(present);
    if (outcome === 'keep') return present;
    const others = Object.entries(before?.fields ?? {}).filter(([name]) => name !== uri.key);
    const fields = Object.fromEntries(outcome === 'remove' ? others : [...others, [uri.key, outcome.set]]);
    checkSize(fields, call.role);
    const written = await deps.kv.write({ ...at, cas: before?.version ?? 0, fields }, call);
    if (written !== 'changed') {
      const isEmpty = Object.keys(fields).length === 0;
      if (isEmpty) await deps.kv.deleteVersion({ ...at, version: written.version }, call);
      return outcome === 'remove' ? undefined : outcome.set;
    }
    await deps.clock.sleep(retryDelayMs(backOff, attempt, deps.ids.random()), call.signal);
  }
  throw secretErrors.unwritable({ role: call.role, reason: 'others change it all the time' });
}

function checkSize(fields: object, role: string): void {
  const isBig = Buffer.byteLength(JSON.stringify(fields)) > maxSecretBytes;
  if (isBig) throw secretErrors.tooBig({ role, most: maxSecretBytes });
}

/** Every secret below a path; a name may be both a secret and a folder. */
async function namesBelow(
  kv: Kv,
  at: KvPath,
  call: { signal: AbortSignal; role: string },
): Promise<string[]> {
  let folders = [at.path];
  const secrets: string[] = [];
  for (let depth = 0; depth < deepest && folders.length > 0; depth++) {
    const listed = await mapLimit(
      folders,
      { limit: readersAtOnce, signal: call.signal },
      async (path, signal) => {
        const names = await kv.list({ ...at, path }, { ...call, signal });
        return names.map((name) => (path === '' ? name : `${path}/${name}`));
      },
    );
    const names = listed.flat();
    secrets.push(...names.filter((name) => !name.endsWith('/')));
    folders = names.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
  }
  return secrets;
}

/** Of a URI without `mount` the first segment is it. */
function pathOf(uri: SecretUri): KvPath {
  if (uri.mount !== undefined) return { mount: uri.mount, path: uri.id };
  const slash = uri.id.indexOf('/');
  return { mount: uri.id.slice(0, slash), path: uri.id.slice(slash + 1) };
}

/** A field as text: numbers and the like, as other programs write them, in their JSON form. */
function textOf(fields: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  if (fields === undefined || !Object.hasOwn(fields, key)) return undefined;
  const value = fields[key];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isReference(text: string): boolean {
  try {
    return checkReference(text) === text;
  } catch {
    return false;
  }
}
