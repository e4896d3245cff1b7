import { Secret, sha256Hex } from '@polar-gosling/kernel';
import type { ApiTokenRow, CallOptions, Row, Write } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { ApiTokens } from '../api/commands.ts';
import { references } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { tokenErrors } from '../errors.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite } from '../rows/writes.ts';

const tokenBytes = 32;
const idLength = 12;
const stampEveryMs = 60_000;

/** Tokens of the API: kept as hashes, shown once. */
export function createApiTokens(deps: InternalDeps): ApiTokens {
  return {
    authenticate: (token, options) => authenticate(deps, token, options),
    create: (caller, request, options) => create(deps, { caller, request }, options),
    list: async (_caller, options) => listTokens(deps, options),
    revoke: (caller, id, options) => revoke(deps, { caller, id }, options),
    ensureCliToken: (options) => ensureCliToken(deps, options),
    // Read first, from the cache: whoever sends a header must not make us ask the backend.
    ensureTriggerToken: async (options) =>
      (await deps.secrets.read(references.triggerToken, options)) ??
      deps.secrets.writeIfAbsent(references.triggerToken, new Secret(deps.ids.token(tokenBytes)), options),
  };
}

async function listTokens(deps: InternalDeps, options: CallOptions): Promise<ApiTokenRow[]> {
  const rows = await listAll(deps.store, { ...typed.apiTokens, query: {} }, options);
  return rows.toSorted((a, b) => a.created_at - b.created_at);
}

async function authenticate(
  deps: InternalDeps,
  token: string,
  options: CallOptions,
): Promise<Caller | undefined> {
  const key = { partition: sha256Hex(token) };
  const row = await getRow(deps.store, { ...typed.apiTokens, key }, options);
  const now = deps.clock.now();
  const isOver = row?.revoked_at !== undefined || (row?.expires_at ?? Number.POSITIVE_INFINITY) <= now;
  if (row === undefined || isOver) return undefined;
  if (now - (row.last_used_at ?? 0) > stampEveryMs) {
    const write = {
      kind: 'update',
      key: { table: 'api_tokens', ...key },
      set: { last_used_at: now },
      when: { kind: 'present' },
    } as const;
    await stamp(deps, write, options);
  }
  return {
    tokenId: row.id,
    name: row.name,
    role: row.role,
    ...(row.eggs === undefined ? {} : { eggs: row.eggs }),
  };
}

/** When it was used last is good to know and never a reason to refuse: a store that only reads is read with it. */
async function stamp(deps: InternalDeps, write: Write, options: CallOptions): Promise<void> {
  try {
    await deps.store.commit([write], options);
  } catch (error) {
    if (options.signal.aborted) throw error;
    deps.log.debug('the use of a token could not be noted', { error });
  }
}

async function create(
  deps: InternalDeps,
  at: { caller: Caller; request: Parameters<ApiTokens['create']>[1] },
  options: CallOptions,
): Promise<{ row: ApiTokenRow; token: Secret }> {
  const { caller, request } = at;
  const known = await listTokens(deps, options);
  if (known.some(({ name, revoked_at }) => name === request.name && revoked_at === undefined)) {
    throw tokenErrors.nameTaken({ name: request.name });
  }
  const token = new Secret(`pgt_${deps.ids.token(tokenBytes)}`);
  const row = await put(deps, { token, request, by: caller.name }, options);
  return { row, token };
}

async function put(
  deps: InternalDeps,
  at: { token: Secret; request: Parameters<ApiTokens['create']>[1]; by: string },
  options: CallOptions,
): Promise<ApiTokenRow> {
  const hash = sha256Hex(at.token.reveal());
  const row: Row = {
    token_sha256: hash,
    id: hash.slice(0, idLength),
    name: at.request.name,
    role: at.request.role,
    eggs: at.request.eggs && [...at.request.eggs],
    created_at: deps.clock.now(),
    expires_at: at.request.expiresAt,
  };
  const details = { name: at.request.name, role: at.request.role, eggs: at.request.eggs };
  await deps.store.commit(
    [
      { kind: 'put', table: 'api_tokens', row, when: { kind: 'any' } },
      auditWrite(
        {
          actor: at.by,
          action: 'token_created',
          resourceType: 'token',
          resourceId: hash.slice(0, idLength),
          details,
        },
        deps,
      ),
    ],
    options,
  );
  const stored = await getRow(deps.store, { ...typed.apiTokens, key: { partition: hash } }, options);
  if (stored === undefined) throw tokenErrors.notKept({ name: at.request.name });
  return stored;
}

async function revoke(
  deps: InternalDeps,
  at: { caller: Caller; id: string },
  options: CallOptions,
): Promise<'ok' | 'missing'> {
  const row = (await listTokens(deps, options)).find(
    ({ id, revoked_at }) => id === at.id && revoked_at === undefined,
  );
  if (row === undefined) return 'missing';
  const key = { table: 'api_tokens', partition: row.token_sha256 } as const;
  const details = { name: row.name };
  await deps.store.commit(
    [
      { kind: 'update', key, set: { revoked_at: deps.clock.now() }, when: { kind: 'present' } },
      auditWrite(
        {
          actor: at.caller.name,
          action: 'token_revoked',
          resourceType: 'token',
          resourceId: row.id,
          details,
        },
        deps,
      ),
    ],
    options,
  );
  return 'ok';
}

/** The CLI's admin token of an embedded instance: its value in the secret store, its hash among the others. */
async function ensureCliToken(deps: InternalDeps, options: CallOptions): Promise<Secret> {
  const fresh = new Secret(`pgt_${deps.ids.token(tokenBytes)}`);
  const token = await deps.secrets.writeIfAbsent(references.cliToken, fresh, options);
  const key = { partition: sha256Hex(token.reveal()) };
  const row = await getRow(deps.store, { ...typed.apiTokens, key }, options);
  if (row === undefined)
    await put(deps, { token, request: { name: 'cli', role: 'admin' }, by: 'up' }, options);
  return token;
}
