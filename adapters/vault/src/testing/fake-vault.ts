import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, createSystemClock } from '@polar-gosling/kernel';

/** What a test may do to it, and see of it. */
export interface FakeVault {
  readonly address: string;
  readonly rootToken: string;
  readonly roleId: string;
  readonly secretId: string;
  /** Method and path of every request, in order. */
  readonly requests: string[];
  /** What it was asked that the documents do not know: a test looks that it is empty. */
  readonly complaints: string[];
  /** Answers all of `/v1/` but `sys/health` with this status. */
  setState(state: VaultState): void;
  /** Answers the next `count` calls of the engine with `status`, then as usual. */
  failNext(status: number, count: number, headers?: Record<string, string>): void;
  /** The tokens given by logins are no longer valid. */
  revokeAll(): void;
  /** Seconds that tokens given from now on live; and for how many renewals. */
  setLease(seconds: number, renewable: boolean): void;
  /** Who may not do it is answered 403. */
  deny(what: 'read' | 'write'): void;
  tokensGiven(): number;
  close(): Promise<void>;
}

export type VaultState =
  | 'active'
  | 'sealed'
  | 'standby'
  | 'dr-secondary'
  | 'performance-standby'
  | 'uninitialised';

interface Version {
  data: Record<string, unknown> | null;
  readonly version: number;
  readonly created: string;
  deleted: string;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown> | undefined;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
}

const stateCodes: Readonly<Record<VaultState, number>> = {
  active: 200,
  standby: 429,
  'dr-secondary': 472,
  'performance-standby': 473,
  uninitialised: 501,
  sealed: 503,
};
const noErrors = { errors: [] };

/**
 * Vault's HTTP API as its documents describe it, as far as we use it, and no further: an unknown path, method, field,
 * query or header is answered 405 or 400 and noted. https://developer.hashicorp.com/vault/api-docs
 */
export async function startFakeVault(options: FakeVaultOptions = {}): Promise<FakeVault> {
  const world = createWorld(options);
  const server = createServer((request, response) => {
    void serve(world, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    rootToken: world.rootToken,
    roleId: world.roleId,
    secretId: world.secretId,
    requests: world.requests,
    complaints: world.complaints,
    setState(state) {
      world.state = state;
    },
    failNext(status, count, headers = {}) {
      world.failures.push(...Array.from({ length: count }, () => ({ status, headers, body: noErrors })));
    },
    revokeAll() {
      world.leased.clear();
    },
    setLease(seconds, renewable) {
      world.lease = { seconds, renewable };
    },
    deny(what) {
      world.denied.add(what);
    },
    tokensGiven: () => world.given,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface FakeVaultOptions {
  readonly mounts?: readonly string[];
  /** Engines of version 1. */
  readonly kv1?: readonly string[];
  readonly namespace?: string;
  readonly clock?: Clock;
}

type World = ReturnType<typeof createWorld>;

function createWorld(options: FakeVaultOptions) {
  return {
    mounts: options.mounts ?? ['secret'],
    kv1: options.kv1 ?? [],
    namespace: options.namespace,
    clock: options.clock ?? createSystemClock(),
    rootToken: `hvs.root${randomBytes(12).toString('hex')}`,
    roleId: 'role-of-the-test',
    secretId: `secret-id-${randomBytes(8).toString('hex')}`,
    requests: [] as string[],
    complaints: [] as string[],
    state: 'active' as VaultState,
    failures: [] as Answer[],
    leased: new Set<string>(),
    lease: { seconds: 3600, renewable: true },
    denied: new Set<'read' | 'write'>(),
    given: 0,
    secrets: new Map<string, Version[]>(),
  };
}

async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://vault');
  world.requests.push(`${request.method} ${url.pathname}${url.search}`);
  const answer = answerTo(world, request, { url, text: Buffer.concat(chunks).toString() });
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}

function answerTo(world: World, request: IncomingMessage, sent: { url: URL; text: string }): Answer {
  const complain = (problem: string, status = 400): Answer => {
    world.complaints.push(`${request.method} ${sent.url.pathname}: ${problem}`);
    return { status, body: { errors: [problem] } };
  };
  const { pathname } = sent.url;
  if (!pathname.startsWith('/v1/')) return complain('not below /v1/', 404);
  if (request.headers['x-vault-request'] !== 'true') return complain('no X-Vault-Request');
  const body = sent.text === '' ? undefined : readObject(sent.text);
  if (sent.text !== '' && body === undefined) return complain('the body is no JSON object');
  const header = (name: string) => [request.headers[name]].flat()[0];
  const asked: Asked = {
    method: request.method ?? '',
    path: decodeURIComponent(pathname.slice('/v1/'.length)),
    query: sent.url.searchParams,
    body,
    token: header('x-vault-token'),
    namespace: header('x-vault-namespace'),
  };
  return route(world, asked, complain);
}

type Complain = (problem: string, status?: number) => Answer;

function route(world: World, asked: Asked, complain: Complain): Answer {
  if (asked.path === 'sys/health') return health(world, asked, complain);
  const code = stateCodes[world.state];
  if (code !== 200) return { status: code, body: { errors: ['Vault is not active'] } };
  if (asked.namespace !== world.namespace) return { status: 404, body: { errors: ['no handler for route'] } };
  const failure = world.failures.shift();
  if (failure !== undefined) return failure;
  if (asked.path === 'auth/approle/login') return login(world, asked, complain);
  const isRoot = asked.token === world.rootToken;
  if (!isRoot && !world.leased.has(asked.token ?? '')) {
    return { status: 403, body: { errors: ['permission denied', 'invalid token'] } };
  }
  if (asked.path === 'auth/token/renew-self') return renew(world, asked, complain);
  if (asked.path === 'auth/token/lookup-self') return lookUp(world, asked, complain);
  if (asked.path.startsWith('sys/internal/ui/mounts/')) return mountOf(world, asked, complain);
  return engine(world, asked, complain);
}

function health(world: World, asked: Asked, complain: Complain): Answer {
  if (asked.method !== 'GET') return complain('method', 405);
  const body = {
    initialized: world.state !== 'uninitialised',
    sealed: world.state === 'sealed',
    standby: world.state === 'standby',
    performance_standby: world.state === 'performance-standby',
    server_time_utc: Math.floor(world.clock.now() / 1_000),
    version: '1.21.4',
  };
  return { status: stateCodes[world.state], body };
}

function login(world: World, { method, body, token }: Asked, complain: Complain): Answer {
  if (method !== 'POST') return complain('method', 405);
  if (token !== undefined) return complain('a login carries no token');
  const unknown = unknownFields(body, ['role_id', 'secret_id']);
  if (unknown !== undefined) return complain(unknown);
  const isRight = body?.['role_id'] === world.roleId && body['secret_id'] === world.secretId;
  if (!isRight) return { status: 400, body: { errors: ['invalid role or secret ID'] } };
  return { status: 200, body: { auth: lease(world, newToken(world)) } };
}

function newToken(world: World): string {
  const token = `hvs.${randomBytes(18).toString('base64url')}`;
  world.leased.add(token);
  world.given++;
  return token;
}

function lease(world: World, token: string) {
  const { seconds, renewable } = world.lease;
  return {
    client_token: token,
    accessor: 'accessor',
    policies: ['gosling'],
    lease_duration: seconds,
    renewable,
  };
}

function renew(world: World, { method, body, token = '' }: Asked, complain: Complain): Answer {
  if (method !== 'POST') return complain('method', 405);
  const unknown = unknownFields(body, ['increment']);
  if (unknown !== undefined) return complain(unknown);
  if (!world.lease.renewable) return { status: 400, body: { errors: ['lease is not renewable'] } };
  return { status: 200, body: { auth: lease(world, token) } };
}

function lookUp(world: World, { method, token = '' }: Asked, complain: Complain): Answer {
  if (method !== 'GET') return complain('method', 405);
  const isRoot = token === world.rootToken;
  const ttl = isRoot ? 0 : world.lease.seconds;
  return { status: 200, body: { data: { id: token, ttl, renewable: !isRoot && world.lease.renewable } } };
}

function mountOf(world: World, { method, path }: Asked, complain: Complain): Answer {
  if (method !== 'GET') return complain('method', 405);
  const mount = path.slice('sys/internal/ui/mounts/'.length);
  const versions = new Map([
    ...world.kv1.map((name) => [name, '1'] as const),
    ...world.mounts.map((name) => [name, '2'] as const),
  ]);
  const version = versions.get(mount);
  // As Vault does: who may not see a mount is not told that it is there.
  if (version === undefined)
    return { status: 403, body: { errors: ['preflight capability check returned 403'] } };
  return { status: 200, body: { data: { type: 'kv', path: `${mount}/`, options: { version } } } };
}

function engine(world: World, asked: Asked, complain: Complain): Answer {
  if (world.kv1.some((each) => asked.path.startsWith(`${each}/`))) {
    const warnings = ['Invalid path for a versioned K/V secrets engine'];
    return { status: 404, body: { errors: [], warnings } };
  }
  const mount = world.mounts.find((each) => asked.path.startsWith(`${each}/`));
  if (mount === undefined) {
    return {
      status: 404,
      body: { errors: [`no handler for route "${asked.path}". route entry not found.`] },
    };
  }
  const [kind = '', ...rest] = asked.path.slice(mount.length + 1).split('/');
  const path = rest.join('/');
  const at = { ...asked, mount, path };
  if (kind === 'data' && path !== '')
    return asked.method === 'GET' ? readData(world, at, complain) : writeData(world, at, complain);
  if (kind === 'delete' && path !== '') return deleteVersions(world, at, complain);
  if (kind === 'metadata') return listNames(world, at, complain);
  return complain('no such path of the engine', 405);
}

type AtSecret = Asked & { readonly mount: string };

function versionsOf(world: World, at: AtSecret): Version[] {
  return world.secrets.get(`${at.mount} ${at.path}`) ?? [];
}

function readData(world: World, at: AtSecret, complain: Complain): Answer {
  const extra = [...at.query.keys()].find((name) => name !== 'version');
  if (extra !== undefined) return complain(`unknown query ${extra}`);
  if (world.denied.has('read')) return { status: 403, body: { errors: ['permission denied'] } };
  const wanted = Number(at.query.get('version') ?? 0);
  const versions = versionsOf(world, at);
  const found = wanted === 0 ? versions.at(-1) : versions.find(({ version }) => version === wanted);
  if (found === undefined) return { status: 404, body: noErrors };
  const metadata = {
    created_time: found.created,
    custom_metadata: null,
    deletion_time: found.deleted,
    destroyed: false,
    version: found.version,
  };
  const data = found.deleted === '' ? found.data : null;
  return { status: data === null ? 404 : 200, body: { data: { data, metadata } } };
}

function writeData(world: World, at: AtSecret, complain: Complain): Answer {
  if (at.method !== 'POST') return complain('method', 405);
  const unknown = unknownFields(at.body, ['data', 'options']);
  if (unknown !== undefined) return complain(unknown);
  const data = at.body?.['data'];
  const options = at.body?.['options'] ?? {};
  if (!isObject(data)) return complain('no data provided');
  if (!isObject(options)) return complain('options must be an object');
  const odd = unknownFields(options, ['cas']);
  if (odd !== undefined) return complain(odd);
  if (world.denied.has('write')) return { status: 403, body: { errors: ['permission denied'] } };
  const versions = versionsOf(world, at);
  const latest = versions.at(-1)?.version ?? 0;
  if (options['cas'] !== undefined && options['cas'] !== latest) {
    return { status: 400, body: { errors: ['check-and-set parameter did not match the current version'] } };
  }
  const made = { data, version: latest + 1, created: timeOf(world), deleted: '' };
  world.secrets.set(`${at.mount} ${at.path}`, [...versions, made]);
  const metadata = { created_time: made.created, deletion_time: '', destroyed: false, version: made.version };
  return { status: 200, body: { data: { ...metadata, custom_metadata: null } } };
}

function deleteVersions(world: World, at: AtSecret, complain: Complain): Answer {
  if (at.method !== 'POST') return complain('method', 405);
  const unknown = unknownFields(at.body, ['versions']);
  if (unknown !== undefined) return complain(unknown);
  const wanted = at.body?.['versions'];
  if (!Array.isArray(wanted)) return complain('no versions provided');
  for (const each of versionsOf(world, at)) {
    if (wanted.includes(each.version)) each.deleted = timeOf(world);
  }
  return { status: 204 };
}

function listNames(world: World, at: AtSecret, complain: Complain): Answer {
  if (at.method !== 'GET' || at.query.get('list') !== 'true') return complain('only lists are known', 405);
  if (world.denied.has('read')) return { status: 403, body: { errors: ['permission denied'] } };
  const prefix = `${at.mount} ${at.path === '' ? '' : `${at.path}/`}`;
  const below = [...world.secrets.keys()].filter((name) => name.startsWith(prefix));
  const names = below.map((name) => {
    const rest = name.slice(prefix.length);
    const slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.slice(0, slash + 1);
  });
  const keys = [...new Set(names)].toSorted();
  return keys.length === 0 ? { status: 404, body: noErrors } : { status: 200, body: { data: { keys } } };
}

function unknownFields(
  body: Record<string, unknown> | undefined,
  known: readonly string[],
): string | undefined {
  const unknown = Object.keys(body ?? {}).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : `unknown field ${unknown}`;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function timeOf(world: World): string {
  return new Date(world.clock.now()).toISOString();
}
