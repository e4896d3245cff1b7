import { secretErrors } from '@polar-gosling/ports/secrets';
import { ErrorAnswer, ListAnswer, SecretAnswer, WriteAnswer } from './schema.ts';
import type { VaultAnswer, VaultCall } from './vault-calls.ts';
import type { VaultClient } from './vault-client.ts';

/** Where a secret lies: the path of its engine, and its own in it. */
export interface KvPath {
  readonly mount: string;
  readonly path: string;
}

export interface KvVersion {
  /** Absent when the version was deleted. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  readonly version: number;
}

type Call = Pick<VaultCall, 'signal' | 'role'>;

/** The KV engine, version 2: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 */
export interface Kv {
  /** `undefined`: there never was one, or it was removed whole. */
  read(at: KvPath & { version?: string | undefined }, call: Call): Promise<KvVersion | undefined>;
  /** Writes a version in the place of `cas` (0: where there is none). */
  write(
    at: KvPath & { cas: number; fields: Readonly<Record<string, unknown>> },
    call: Call,
  ): Promise<{ readonly version: number } | 'changed'>;
  /** That one version is gone for readers. Others stay, also one that came meanwhile. */
  deleteVersion(at: KvPath & { version: number }, call: Call): Promise<void>;
  /** Names below a path; those of folders end with `/`. */
  list(at: KvPath, call: Call): Promise<readonly string[]>;
}

export function createKv(client: VaultClient): Kv {
  return {
    async read({ mount, path, version }, call) {
      const query = version === undefined ? {} : { query: { version } };
      const answer = await client.call(
        { method: 'GET', path: `${mount}/data/${path}`, ...query },
        { ...call, op: 'unreadable' },
      );
      const parsed = SecretAnswer.safeParse(answer.body).data?.data;
      if (parsed !== undefined) return { fields: parsed.data ?? undefined, version: parsed.metadata.version };
      if (isMissing(answer)) return undefined;
      throw unexpected(answer, { ...call, op: 'unreadable' });
    },
    async write({ mount, path, cas, fields }, call) {
      const body = { data: fields, options: { cas } };
      const answer = await client.call(
        { method: 'POST', path: `${mount}/data/${path}`, body },
        { ...call, op: 'unwritable' },
      );
      const parsed = WriteAnswer.safeParse(answer.body).data;
      if (answer.status === 200 && parsed !== undefined) return { version: parsed.data.version };
      if (answer.status === 400 && /check-and-set/.test(errorsOf(answer).join())) return 'changed';
      throw unexpected(answer, { ...call, op: 'unwritable' });
    },
    async deleteVersion({ mount, path, version }, call) {
      const answer = await client.call(
        { method: 'POST', path: `${mount}/delete/${path}`, body: { versions: [version] } },
        { ...call, op: 'unwritable' },
      );
      if (answer.status >= 300 && !isMissing(answer)) throw unexpected(answer, { ...call, op: 'unwritable' });
    },
    async list({ mount, path }, call) {
      const answer = await client.call(
        {
          method: 'GET',
          path: path === '' ? `${mount}/metadata` : `${mount}/metadata/${path}`,
          query: { list: 'true' },
        },
        { ...call, op: 'unreadable' },
      );
      const parsed = ListAnswer.safeParse(answer.body).data;
      if (parsed !== undefined) return parsed.data.keys;
      if (isMissing(answer)) return [];
      throw unexpected(answer, { ...call, op: 'unreadable' });
    },
  };
}

/** A 404 that names an error is one of the path (no such engine), not of the secret. */
function isMissing(answer: VaultAnswer): boolean {
  return answer.status === 404 && errorsOf(answer).length === 0 && warningsOf(answer) === 0;
}

function errorsOf(answer: VaultAnswer): readonly string[] {
  return ErrorAnswer.safeParse(answer.body).data?.errors ?? [];
}

/** An engine of version 1 answers the paths of version 2 with 404 and a warning. */
function warningsOf({ body }: VaultAnswer): number {
  const warnings: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, 'warnings') : undefined;
  return Array.isArray(warnings) ? warnings.length : 0;
}

/** Vault's own words may repeat what was sent: only known ones are told. */
function unexpected(answer: VaultAnswer, call: VaultCall) {
  const text = errorsOf(answer).join();
  const isNoEngine = answer.status === 404 && (/no handler/.test(text) || warningsOf(answer) > 0);
  const reason = isNoEngine
    ? 'there is no KV engine of version 2 at its mount (404)'
    : `Vault answered ${answer.status}`;
  return secretErrors.denied({ role: call.role, backend: 'Vault', reason });
}
