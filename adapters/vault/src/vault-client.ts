import {
  type Clock,
  type CodedError,
  deadline,
  type IdSource,
  isCoded,
  type Masker,
  readText,
  type Secret,
  withRetries,
} from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { EnvHttpProxyAgent, request as send } from 'undici';
import type { VaultAnswer, VaultCall, VaultLogin, VaultRequest } from './vault-calls.ts';
import { createVaultToken } from './vault-token.ts';

export interface VaultOptions {
  /** `https://vault.example.com:8200` */
  readonly address: string;
  readonly namespace?: string;
  readonly login: VaultLogin;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Learns the tokens that Vault gives us. */
  readonly masker: Masker;
  readonly caPem?: string;
  readonly proxy?: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: string };
}

/** The one way to Vault: tokens, retries and failures are here and nowhere else. Answers 2xx, 400 and 404. */
export interface VaultClient {
  call(request: VaultRequest, call: VaultCall): Promise<VaultAnswer>;
  close(): Promise<void>;
}

const timeoutMs = 15_000;
const largestAnswerBytes = 8 * 1024 * 1024;
const retry = { attempts: 3, baseMs: 200, capMs: 2_000 };
const longestWaitMs = 5_000;

export function createVaultClient(options: VaultOptions): VaultClient {
  const tls = options.caPem === undefined ? undefined : { ca: options.caPem };
  const agent = new EnvHttpProxyAgent({
    httpProxy: options.proxy?.httpProxy ?? '',
    httpsProxy: options.proxy?.httpsProxy ?? '',
    noProxy: options.proxy?.noProxy ?? '',
    // Of a connection to Vault itself, and of one in a proxy's tunnel.
    ...(tls && { connect: tls, requestTls: tls }),
  });
  const exchange = (request: VaultRequest, token: Secret | undefined, call: VaultCall) =>
    withRetries(() => exchangeOnce({ ...options, agent }, { request, token }, call), {
      plan: retry,
      clock: options.clock,
      ids: options.ids,
      signal: call.signal,
    });
  const tokens = createVaultToken({ ...options, exchange });

  return {
    async call(request, call) {
      if (request.token === 'none') return check(await exchange(request, undefined, call), call);
      const token = await tokens.current(call);
      const answer = await exchange(request, token, call);
      if (answer.status !== 403) return check(answer, call);
      // Revoked or run out before its time: once with a new one, where we can have one.
      const fresh = await tokens.after(token, call);
      return check(fresh === undefined ? answer : await exchange(request, fresh, call), call);
    },
    async close() {
      await agent.close();
    },
  };
}

/** Throws what another try may heal: no answer, and the states in which Vault asks to come back. */
async function exchangeOnce(
  deps: VaultOptions & { agent: EnvHttpProxyAgent },
  { request, token }: { request: VaultRequest; token: Secret | undefined },
  call: VaultCall,
): Promise<VaultAnswer> {
  try {
    const reply = await send(urlOf(deps.address, request), {
      method: request.method,
      dispatcher: deps.agent,
      signal: deadline(call.signal, timeoutMs),
      headers: headersOf(deps, token, request),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const body = parseBody((await readText(reply.body, largestAnswerBytes)) ?? '');
    const { date } = reply.headers;
    const answer = { status: reply.statusCode, body, date: typeof date === 'string' ? date : undefined };
    if (isHealthPath(request)) return answer;
    const reason = unavailable(answer.status);
    if (reason === undefined) return answer;
    const retryAfterMs = Math.min(Number(reply.headers['retry-after'] ?? 0) * 1_000 || 0, longestWaitMs);
    throw failure(call, reason, { retryAfterMs });
  } catch (error) {
    call.signal.throwIfAborted();
    if (isCoded(error)) throw error;
    throw failure(call, `Vault does not answer (${codeOf(error)})`, { cause: error });
  }
}

function headersOf(deps: VaultOptions, token: Secret | undefined, request: VaultRequest) {
  return {
    // Vault's agents refuse what a browser could be tricked to send.
    'x-vault-request': 'true',
    accept: 'application/json',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { 'x-vault-token': token.reveal() }),
    ...(deps.namespace === undefined ? {} : { 'x-vault-namespace': deps.namespace }),
  };
}

function urlOf(address: string, { path, query }: VaultRequest): string {
  const url = new URL(
    `${address.replace(/\/+$/, '')}/v1/${path.split('/').map(encodeURIComponent).join('/')}`,
  );
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  return url.href;
}

function isHealthPath({ path }: VaultRequest): boolean {
  return path === 'sys/health';
}

/** What Vault's status codes mean: https://developer.hashicorp.com/vault/api-docs#http-status-codes */
function unavailable(status: number): string | undefined {
  if (status === 412) return 'Vault has not caught up with its last write (412)';
  if (status === 429) return 'Vault is asked too often, or only stands by (429)';
  if (status === 472) return 'Vault is a disaster recovery secondary (472)';
  if (status === 473) return 'Vault is a performance standby (473)';
  if (status === 503) return 'Vault is sealed or under maintenance (503)';
  return status >= 500 ? `Vault failed (${status})` : undefined;
}

function check(answer: VaultAnswer, call: VaultCall): VaultAnswer {
  const { status } = answer;
  if ((status >= 200 && status < 300) || status === 400 || status === 404 || status === 405) return answer;
  if (status === 403)
    throw secretErrors.denied({ role: call.role, backend: 'Vault', reason: 'permission denied (403)' });
  if (status === 429 || status >= 472) return answer;
  throw failure(call, `Vault answered ${status}`);
}

function failure(
  call: VaultCall,
  reason: string,
  more: { cause?: unknown; retryAfterMs?: number } = {},
): CodedError {
  const { cause, retryAfterMs } = more;
  const params = { role: call.role, reason, ...(retryAfterMs ? { retryAfterMs } : {}) };
  return secretErrors[call.op](params, cause === undefined ? {} : { cause });
}

/** Without the parser's message, which would repeat a piece of the answer. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  return 'code' in error ? String(error.code) : error.name;
}
