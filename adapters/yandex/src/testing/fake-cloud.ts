import { constants, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test may do to it, and see of it. */
export interface FakeCloud {
  readonly url: string;
  /** An authorized key as `yc iam key create` writes it. */
  readonly keyJson: string;
  /** Bodies of the invocations that were taken, by container. */
  readonly taken: { readonly container: string; readonly body: string }[];
  /** What it was asked that the documents do not know: a test looks that it is empty. */
  readonly complaints: string[];
  readonly containers: Set<string>;
  /** Those that lists show. */
  readonly listed: {
    readonly id: string;
    readonly folder: string;
    readonly name: string;
    readonly labels: Record<string, string>;
  }[];
  readonly instances: {
    readonly id?: string;
    readonly folder: string;
    status: string;
    labels: Record<string, string>;
  }[];
  tokensGiven(): number;
  /** Every request is answered with this status from now on; `undefined`: as documented. */
  fail(status: number | undefined): void;
  /** Invocations only. */
  failInvocations(status: number | undefined): void;
  addressOf(container: string): string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly text: string;
}

const serviceAccount = 'ajepg0mjt06siua65usm';
const keyId = 'lfkoe35hsk58aks301nl';
const audience = 'https://iam.api.cloud.yandex.net/iam/v1/tokens';
const nothing = { status: 404, body: { code: 5, message: 'not found' } };

interface World {
  readonly clock: { now(): number };
  readonly keys: ReturnType<typeof generateKeys>;
  readonly tokens: Set<string>;
  readonly cloud: Pick<FakeCloud, 'taken' | 'complaints' | 'containers' | 'listed' | 'instances'>;
  failing: number | undefined;
  failingInvocations: number | undefined;
}

/**
 * The five calls of Yandex Cloud that we make, as its documents describe them, and no further: iam/v1/tokens (JWT PS256),
 * the metadata service's token, compute/v1/instances, containers/v1/containers by name, and the asynchronous invocation of a container. Anything else is
 * answered 404 and noted. Written from the documents; never compared with the real service.
 */
export async function startFakeCloud(clock: { now(): number }): Promise<FakeCloud> {
  const world: World = {
    ...{ clock, keys: generateKeys(), tokens: new Set() },
    cloud: { taken: [], complaints: [], containers: new Set(), listed: [], instances: [] },
    ...{ failing: undefined, failingInvocations: undefined },
  };
  const server = createServer((request, response) => void serve(world, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    keyJson: keyJsonOf(world),
    ...world.cloud,
    tokensGiven: () => world.tokens.size,
    fail: (status) => {
      world.failing = status;
    },
    failInvocations: (status) => {
      world.failingInvocations = status;
    },
    addressOf: (container) => `${url}/containers/${container}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const asked = { request, url, text: Buffer.concat(chunks).toString() };
  const route = routes.find(([method, form]) => method === request.method && form.test(url.pathname));
  if (route === undefined) world.cloud.complaints.push(`${request.method} ${url.pathname}`);
  const answer: Answer = world.failing ? { status: world.failing } : (route?.[2](world, asked) ?? nothing);
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
}

type Route = (world: World, asked: Asked) => Answer;
const routes: readonly (readonly [method: string, form: RegExp, answer: Route])[] = [
  ['POST', /^\/iam\/v1\/tokens$/, tradeJwt],
  ['GET', /^\/computeMetadata\/v1\/instance\/service-accounts\/default\/token$/, tellHostToken],
  ['GET', /^\/compute\/v1\/instances$/, listInstances],
  ['GET', /^\/containers\/v1\/containers$/, listContainers],
  ['POST', /^\/containers\/[^/]+\/$/, invoke],
];

function tradeJwt(world: World, { text }: Asked): Answer {
  const problem = jwtProblem(text, { publicKey: world.keys.publicKey, now: world.clock.now() });
  if (problem !== undefined) return { status: 401, body: { code: 16, message: problem } };
  const expiresAt = new Date(world.clock.now() + 12 * 3_600_000).toISOString();
  return { status: 200, body: { iamToken: giveToken(world), expiresAt } };
}

function tellHostToken(world: World, { request }: Asked): Answer {
  if (request.headers['metadata-flavor'] !== 'Google') return { status: 403 };
  return { status: 200, body: { access_token: giveToken(world), expires_in: 43_200, token_type: 'Bearer' } };
}

function listInstances(world: World, asked: Asked): Answer {
  if (!isOurs(world, asked)) return { status: 401 };
  const { searchParams } = asked.url;
  const size = Number(searchParams.get('pageSize') ?? 100);
  const from = Number(searchParams.get('pageToken') ?? 0);
  const all = world.cloud.instances.filter(({ folder }) => folder === searchParams.get('folderId'));
  const page = all.slice(from, from + size).map(({ folder: folderId, ...rest }) => ({ folderId, ...rest }));
  const more = from + size < all.length ? { nextPageToken: String(from + size) } : {};
  return { status: 200, body: page.length === 0 ? {} : { instances: page, ...more } };
}

/** containers/api-ref/Container/list: a filter is `name="…"` with 3 to 63 characters. */
function listContainers(world: World, asked: Asked): Answer {
  if (!isOurs(world, asked)) return { status: 401 };
  const { searchParams } = asked.url;
  const name = /^name="([a-z][-a-z0-9]{1,61}[a-z0-9])"$/.exec(searchParams.get('filter') ?? '')?.[1];
  if (name === undefined) return { status: 400, body: { code: 3, message: 'wrong filter' } };
  const found = world.cloud.listed.filter(
    (one) => one.name === name && one.folder === searchParams.get('folderId'),
  );
  const containers = found.map(({ folder: folderId, ...rest }) => ({ folderId, status: 'ACTIVE', ...rest }));
  return { status: 200, body: containers.length === 0 ? {} : { containers } };
}

function invoke(world: World, asked: Asked): Answer {
  const { request, url, text } = asked;
  if (world.failingInvocations !== undefined) return { status: world.failingInvocations };
  if (!isOurs(world, asked)) return { status: 403 };
  const container = url.pathname.split('/')[2] ?? '';
  if (!world.cloud.containers.has(container)) return nothing;
  if (request.headers['x-ycf-container-integration-type'] !== 'async') return { status: 200 };
  world.cloud.taken.push({ container, body: text });
  return { status: 202 };
}

function giveToken({ tokens }: World): string {
  const token = `t1.fake-${tokens.size}`;
  tokens.add(token);
  return token;
}

function isOurs({ tokens }: World, { request }: Asked): boolean {
  return tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, ''));
}

function generateKeys() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function keyJsonOf({ keys }: World): string {
  const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return JSON.stringify({
    ...{ id: keyId, service_account_id: serviceAccount, key_algorithm: 'RSA_2048' },
    private_key: `PLEASE DO NOT REMOVE THIS LINE!\n${pem}`,
  });
}

/** iam/operations/iam-token/create-for-sa: header, claims, at most an hour between `iat` and `exp`. */
function jwtProblem(text: string, at: { publicKey: KeyObject; now: number }): string | undefined {
  const [head = '', claims = '', signature = ''] = String(JSON.parse(text).jwt).split('.');
  const header = decode(head);
  const { iss, aud, iat, exp } = decode(claims);
  if (header['alg'] !== 'PS256' || header['typ'] !== 'JWT' || header['kid'] !== keyId) return 'wrong header';
  if (iss !== serviceAccount || aud !== audience) return 'wrong claims';
  if (Number(exp) - Number(iat) > 3_600 || Number(exp) * 1_000 < at.now) return 'wrong times';
  const key = {
    key: at.publicKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  return isSigned ? undefined : 'wrong signature';
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
