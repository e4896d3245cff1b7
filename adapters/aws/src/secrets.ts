import { type Clock, type IdSource, mapLimit, Secret, type SecretUri } from '@polar-gosling/kernel';
import {
  checkReference,
  checkSecretValue,
  locateForWriting,
  locateSecret,
  roleOf,
  type SecretCall,
  type SecretStore,
} from '@polar-gosling/ports/secrets';
import { changeSecret, type Outcome } from './change-secret.ts';
import { textOf } from './fields.ts';
import { createSecretsApi, type SecretsApi, type SecretsApiOptions } from './secrets-api.ts';

export interface AwsSecretsOptions extends SecretsApiOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Stands before the names of the layout: what a role may be limited to. */
  readonly prefix?: string;
}

/** Of the names that a role of ours may read (docs/architecture.md). */
export const awsSecretsPrefix = 'gosling/';
const readersAtOnce = 4;

/**
 * Secrets in AWS Secrets Manager: one secret holds the fields of one Egg as a JSON object. Writers of one secret never
 * overwrite each other: a new version comes into force only in the place of the one it was made from.
 */
export function createAwsSecrets(options: AwsSecretsOptions): SecretStore {
  const api = createSecretsApi(options);
  const home = { backend: 'aws-sm', prefix: options.prefix ?? awsSecretsPrefix } as const;
  const change = (
    reference: string,
    call: SecretCall,
    next: (present: string | undefined) => Outcome,
  ): Promise<string | undefined> => {
    const role = roleOf(reference, call);
    const at = locateForWriting(reference, home, role);
    return changeSecret({ ...options, api, role }, { at, next, signal: call.signal });
  };

  return {
    async read(reference, call) {
      call.signal.throwIfAborted();
      const role = roleOf(reference, call);
      const value = await readField(api, locateSecret(reference, home, role), { ...call, role });
      return value === undefined ? undefined : new Secret(value);
    },
    async write(reference, value, call) {
      call.signal.throwIfAborted();
      const text = checkSecretValue(roleOf(reference, call), value).reveal();
      await change(reference, call, (present) =>
        present === text ? { kind: 'keep' } : { kind: 'set', text },
      );
    },
    async writeIfAbsent(reference, value, call) {
      call.signal.throwIfAborted();
      const text = checkSecretValue(roleOf(reference, call), value).reveal();
      const inForce = await change(reference, call, (present) =>
        present === undefined ? { kind: 'set', text } : { kind: 'keep' },
      );
      return new Secret(inForce ?? text);
    },
    async remove(reference, call) {
      call.signal.throwIfAborted();
      await change(reference, call, (present) =>
        present === undefined ? { kind: 'keep' } : { kind: 'remove' },
      );
    },
    async list(prefix, call) {
      call.signal.throwIfAborted();
      const names = await api.names(nameFilter(home.prefix + prefix), { ...call, role: 'secrets' });
      const found = await mapLimit(names, { limit: readersAtOnce, ...call }, (name, signal) =>
        referencesIn(api, { name, prefix: home.prefix }, signal),
      );
      return found
        .flat()
        .filter((reference) => reference.startsWith(prefix))
        .toSorted();
    },
  };
}

async function readField(
  api: SecretsApi,
  at: SecretUri,
  call: SecretCall & { role: string },
): Promise<string | undefined> {
  const found = await api.get({ id: at.id, version: at.version, stage: at.stage }, call);
  return found && textOf(found.fields, at.key);
}

/** The secret that holds a reference has a name that is shorter by the key: `gitlab/a/x` may lie in `gitlab/a`. */
function nameFilter(prefix: string): string {
  return prefix.slice(0, Math.max(prefix.lastIndexOf('/'), 0));
}

async function referencesIn(
  api: SecretsApi,
  at: { name: string; prefix: string },
  signal: AbortSignal,
): Promise<string[]> {
  const id = at.name.slice(at.prefix.length);
  const found = await api.get({ id: at.name }, { signal, role: 'secrets' }).catch(ignoreNoFields);
  const references = Object.keys(found?.fields ?? {}).map((key) => `${id}/${key}`);
  return references.filter(isReference);
}

/** Somebody else's secret under our prefix is no concern of a list. */
function ignoreNoFields(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'SECRET_NO_FIELDS') return undefined;
  throw error;
}

function isReference(text: string): boolean {
  try {
    return checkReference(text) === text;
  } catch {
    return false;
  }
}
