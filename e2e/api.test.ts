import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ApiToken,
  type CreatedToken,
  Problem,
  type Role,
  type Route,
  type RouteName,
  routes,
} from '@polar-gosling/api-contract';
import { createSystemClock } from '@polar-gosling/kernel';
import { openLocalSecrets } from '@polar-gosling/wiring';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, payload } from './support/delivery.ts';
import { endWorld } from './support/end-world.ts';
import { jobsEnded } from './support/jobs.ts';
import { createWorld, localEgg, pace, publicHere, type Running, until, type World } from './support/world.ts';

let world: World;
let up: Running;
/** An admin's. */
let token: string;
const ids = { alpha: 0, beta: 0, job: 0, runner: '', plan: '', run: '' };

beforeAll(async () => {
  world = await createWorld();
  const ciYaml = 'work:\n  script:\n    - echo done\n';
  const members = { ada: 'owner' } as const;
  ids.alpha = world.sim.addProject({ path: 'team/alpha', ciYaml, members }).id;
  ids.beta = world.sim.addProject({ path: 'team/beta', ciYaml, members }).id;
  const runner = '    concurrent   = 2\n    idle_timeout = "1h"';
  await world.pushNest({
    'Eggs/alpha/config.fly': localEgg(world, { name: 'alpha', projectId: ids.alpha, runner }),
    'Eggs/beta/config.fly': localEgg(world, { name: 'beta', projectId: ids.beta, runner }),
  });
  up = await world.up({ ...publicHere(world), ...pace({ sweepEveryMs: 2_000 }) });
  token = readFileSync(join(world.dataDir, 'cli-token'), 'utf8');
  await until('both webhooks are made', () => world.sim.hooks(ids.alpha)[0] && world.sim.hooks(ids.beta)[0]);
  world.sim.push(ids.alpha);
  const [job] = await jobsEnded(world, ids.alpha);
  expect(job?.status).toBe('success');
  ids.job = job?.id ?? 0;
  const [found] = await until('its runner is idle again', async () => {
    const { body } = await world.api('/runners?egg=alpha&state=idle');
    return body.items.length === 1 ? body.items : undefined;
  });
  ids.runner = found.id;
  const { body } = await world.api('/eggs/alpha/plans?limit=1');
  ids.plan = body.items[0].id;
  ids.run = body.items[0].metadata.run_id;
});
afterAll(() => endWorld(world));

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One plain HTTP request, as curl makes it. */
async function http(path: string, call: Call = {}): Promise<Answer> {
  const { method = 'GET', body, headers } = call;
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${up.url}${path}`, {
    method,
    headers: { ...json, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

async function makeToken(name: string, role: Role, more: object = {}): Promise<CreatedToken> {
  const made = await http('/tokens', {
    method: 'POST',
    body: { name, role, ...more },
    headers: bearer(token),
  });
  expect(made.status).toBe(201);
  return JSON.parse(made.text);
}

/** The answer is a refusal as RFC 9457 says, with this status; answers its code. */
function refusal(answer: Answer, status: number): string {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    expect.stringMatching(/^application\/problem\+json/),
  ]);
  return Problem.parse(JSON.parse(answer.text)).code;
}

/** Refused as nobody. What was refused before may have used up what its source may ask: then it has to wait. */
function refusedAsNobody(path: string, init?: Parameters<typeof http>[1]): Promise<Answer> {
  return until(`${path} is refused as nobody's`, async () => {
    const answer = await http(path, init);
    expect([401, 429]).toContain(answer.status);
    return answer.status === 401 ? answer : undefined;
  });
}

interface Sample {
  /** Values of the path's parameters. */
  readonly params?: () => Readonly<Record<string, string | number>>;
  readonly query?: string;
  readonly body?: object;
  /** Who proves it by other means, and by which status, where no caller of a test can. */
  readonly refusedWith?: number;
}

const egg = { params: () => ({ name: 'alpha' }) };
const runner = { params: () => ({ id: ids.runner }) };
const noTask = { params: () => ({ id: 'no-such-task' }), refusedWith: 404 };

/** One good request per route, in this order; a route without one does not compile. */
const samples = {
  receiveWebhook: {},
  triggerSync: {},
  triggerHealthCheck: {},
  triggerUglyfoxHealthCheck: {},
  triggerCollect: {},
  triggerTick: {},
  listRunners: { query: 'egg=alpha&state=idle&pool=apex&limit=10' },
  getRunner: runner,
  // Only an agent has these tokens: the real one's calls are counted below.
  bootstrapRunner: { ...runner, body: agentBody(), refusedWith: 401 },
  downloadGosling: { ...runner, query: 'os=linux&arch=amd64', refusedWith: 401 },
  heartbeat: { ...runner, body: agentBody(), refusedWith: 401 },
  listEggs: { query: 'limit=10' },
  getEgg: egg,
  eggStatus: egg,
  listPlans: { ...egg, query: 'limit=1' },
  getPlan: { params: () => ({ name: 'alpha', id: ids.plan }) },
  getPlanBundle: { params: () => ({ name: 'alpha', id: ids.plan }) },
  // It has one deployment: there is none before. What a rollback does stands in rollback.test.ts.
  rollbackEgg: { ...egg, body: { dry_run: true }, refusedWith: 409 },
  previewNest: { body: { files: [] } },
  listRuns: { query: 'egg=alpha&limit=5' },
  getRun: { params: () => ({ id: ids.run }) },
  runLog: { params: () => ({ id: ids.run }) },
  watchEvents: { query: 'egg=alpha&seconds=1' },
  listTokens: {},
  createToken: { body: { name: 'sample', role: 'read' } },
  revokeToken: { params: () => ({ id: 'no-such-token' }), refusedWith: 404 },
  listSelfJobs: {},
  listCiJobs: { query: 'state=waiting&egg=alpha' },
  why: { params: () => ({ server: world.server, project_id: 'team/alpha', job_id: ids.job }) },
  requestSync: { body: {} },
  listSyncs: { query: 'limit=2' },
  freezeAll: { body: { why: 'looked at' } },
  unfreezeAll: {},
  freezeEgg: { params: () => ({ egg: 'alpha' }), body: { why: 'looked at' } },
  unfreezeEgg: { params: () => ({ egg: 'alpha' }) },
  listTasks: {},
  redriveTask: noTask,
  purgeTask: noTask,
  listTools: {},
  changeTool: {
    params: () => ({ kind: 'tofu' }),
    body: { action: 'use', version: '0.0.1' },
    refusedWith: 404,
  },
  clearCache: { params: () => ({ kind: 'providers' }) },
  listAudit: { query: 'limit=5' },
  health: {},
  metrics: {},
  openApi: {},
  createPageLink: {},
  launchRunners: { body: { egg_name: 'beta', count: 1 } },
  removeRunner: { ...runner, query: 'force=true' },
} satisfies Readonly<Record<RouteName, Sample>>;

function agentBody(): object {
  const sent = { seq: 1, sent_at: '2026-01-01T00:00:00Z', state: 'idle', job_count: 0, jobs: [] };
  const usage = { cpu_usage: 1, memory_usage: 1, disk_usage: 1, failure_count: 0 };
  const versions = { agent_version: '1', gosling_version: '1', config_hash: 'x' };
  const host = { platform: 'linux', architecture: 'x64', boot_id: 'x' };
  return { ...sent, ...usage, ...versions, ...host };
}

async function proofFor(route: Route): Promise<Record<string, string>> {
  switch (route.auth) {
    case 'trigger': {
      const secrets = openLocalSecrets({ dataDir: world.dataDir, clock: createSystemClock() });
      const secret = await secrets.read('api-keys/trigger-auth-token', {
        signal: AbortSignal.timeout(5_000),
      });
      return { 'x-trigger-auth': secret?.reveal() ?? '' };
    }
    case 'none':
    case 'local':
      return {};
    default:
      return bearer(token);
  }
}

function pathOf(route: Route, sample: Sample): string {
  const params = sample.params?.() ?? {};
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params[name])));
  return sample.query === undefined ? path : `${path}?${sample.query}`;
}

const table: readonly (readonly [string, RouteName, Sample])[] = Object.entries(samples).map(
  ([name, sample]) => {
    const known = name as RouteName;
    return [`${routes[known].method} ${routes[known].path}`, known, sample];
  },
);

describe('every documented route', () => {
  it.each(table)('answers as documented: %s', async (_title, name, sample) => {
    const route: Route = routes[name];
    if (name === 'receiveWebhook') return;

    const answer = await http(pathOf(route, sample), {
      method: route.method,
      headers: await proofFor(route),
      ...(sample.body !== undefined && { body: sample.body }),
    });

    if (sample.refusedWith !== undefined) {
      refusal(answer, sample.refusedWith);
      return;
    }
    expect({ status: answer.status, text: answer.status < 300 ? '' : answer.text }).toEqual({
      status: route.success.status,
      text: '',
    });
    const type = answer.headers.get('content-type') ?? '';
    if (route.success.schema) {
      expect(type).toMatch(/^application\/json/);
      route.success.schema.parse(JSON.parse(answer.text));
    } else if (route.success.mediaType) {
      expect(type.split(';')[0]).toBe(route.success.mediaType.split(';')[0]);
      expect(answer.text.length).toBeGreaterThan(0);
    } else {
      expect(answer.text).toBe('');
    }
    if (answer.status !== 204 && route.success.mediaType !== 'text/event-stream') {
      expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(answer.text));
    }
  });

  it('takes a delivery of GitLab', async () => {
    const hook = world.sim.hooks(ids.alpha)[0];
    const body = payload('push_hook', { projectId: ids.alpha });

    const answer = await deliver(up.url, {
      body,
      hook: hook ?? { token: '', signingToken: '' },
      id: 'by-hand',
    });

    expect(answer).toEqual({ status: 200, body: '{"status":"accepted"}' });
  });

  it('stands in the OpenAPI document', async () => {
    const document = JSON.parse((await http('/openapi.json')).text);

    for (const { method, path } of Object.values(routes)) {
      expect(Object.keys(document.paths[path] ?? {})).toContain(method.toLowerCase());
    }
    expect(document.openapi).toBe('3.1.0');
  });

  it.each(table.filter(([, name]) => routes[name].auth === 'api'))(
    'is closed without a token: %s',
    async (_title, name, sample) => {
      const route: Route = routes[name];

      const none = await http(pathOf(route, sample), {
        method: route.method,
        ...(sample.body && { body: sample.body }),
      });
      const wrong = await http(pathOf(route, sample), { method: route.method, headers: bearer('gos_wrong') });

      expect(['HTTP_UNAUTHORIZED', 'HTTP_TOO_MANY']).toContain(refusal(none, none.status));
      expect([401, 429]).toContain(none.status);
      expect([401, 429]).toContain(wrong.status);
    },
  );
});

describe('tokens', () => {
  it('open as much as their role says', async () => {
    const read = await makeToken('reader', 'read');
    const write = await makeToken('writer', 'write');
    const frozen = { method: 'PUT', body: { why: 'tokens' } };
    const codes = async (call: (headers: Record<string, string>) => Promise<Answer>) => [
      (await call(bearer(read.token))).status,
      (await call(bearer(write.token))).status,
    ];

    expect(await codes((headers) => http('/eggs', { headers }))).toEqual([200, 200]);
    expect(await codes((headers) => http('/freeze/beta', { ...frozen, headers }))).toEqual([403, 204]);
    expect(await codes((headers) => http('/freeze/beta', { method: 'DELETE', headers }))).toEqual([403, 204]);
    expect(await codes((headers) => http('/tokens', { headers }))).toEqual([403, 403]);
    expect(refusal(await http('/tokens', { headers: bearer(write.token) }), 403)).toMatch(/^HTTP_/);
  });

  it('are taken from X-Gosling-Token too, for gateways that keep Authorization', async () => {
    expect((await http('/eggs', { headers: { 'x-gosling-token': token } })).status).toBe(200);
    const both = { 'x-gosling-token': token, ...bearer('another') };
    await refusedAsNobody('/eggs', { headers: both });
  });

  it('that are limited to an Egg see nothing of another', async () => {
    const { token: limited } = await makeToken('of-beta', 'admin', { eggs: ['beta'] });
    const at = { headers: bearer(limited) };
    const alphas = [
      '/eggs/alpha',
      '/eggs/alpha/status',
      '/eggs/alpha/plans',
      `/eggs/alpha/plans/${ids.plan}`,
      `/runners/${ids.runner}`,
      `/runs/${ids.run}/log`,
      `/why/${world.server}/${ids.alpha}/${ids.job}`,
    ];

    const eggs: { items: { name: string }[] } = JSON.parse((await http('/eggs', at)).text);
    const runners: { items: { egg_name: string }[] } = JSON.parse((await http('/runners', at)).text);

    expect(eggs.items.map(({ name }) => name)).toEqual(['beta']);
    expect(runners.items.filter(({ egg_name }) => egg_name !== 'beta')).toEqual([]);
    for (const path of alphas) expect([path, (await http(path, at)).status]).toEqual([path, 404]);
    expect((await http('/runners?egg=alpha', at)).text).toBe('{"items":[]}');
    const audit = (await http('/audit?limit=500', at)).text;
    expect(audit).not.toContain('alpha');
    for (const path of ['/tokens', '/sync', '/tasks', '/jobs']) {
      expect([path, (await http(path, at)).status]).toEqual([path, 403]);
    }
    const launch = { method: 'POST', body: { egg_name: 'alpha', count: 1 } };
    expect((await http('/runners', { ...at, ...launch })).status).toBe(404);
  });

  it('end: by their date, and at once when they are revoked', async () => {
    const short = await makeToken('short', 'read', {
      expires_at: new Date(Date.now() + 2_000).toISOString(),
    });
    const gone = await makeToken('gone', 'read');
    expect((await http('/eggs', { headers: bearer(gone.token) })).status).toBe(200);
    expect((await http('/eggs', { headers: bearer(short.token) })).status).toBe(200);

    const revoked = await http(`/tokens/${gone.id}`, { method: 'DELETE', headers: bearer(token) });

    expect(revoked.status).toBe(204);
    await refusedAsNobody('/eggs', { headers: bearer(gone.token) });
    await until('the other has expired', async () =>
      (await http('/eggs', { headers: bearer(short.token) })).status === 401 ? true : undefined,
    );
    const { items }: { items: ApiToken[] } = JSON.parse(
      (await http('/tokens', { headers: bearer(token) })).text,
    );
    expect(items.find(({ id }) => id === gone.id)?.revoked_at).toBeDefined();
    expect(JSON.stringify(items)).not.toContain(short.token);
  });
});

describe('what is wrong with a request is told', () => {
  const admin = () => bearer(token);

  it.each([
    ['an unknown path', '/nothing', {}, 404],
    ['an unknown method', '/eggs', { method: 'PUT' }, 405],
    ['text that is no JSON', '/tokens', { method: 'POST', body: '{' }, 400],
    [
      'a field that is not known',
      '/tokens',
      { method: 'POST', body: { name: 'x', role: 'read', more: 1 } },
      400,
    ],
    ['a query that is not known', '/eggs?colour=red', {}, 400],
    ['a limit out of bounds', '/eggs?limit=100000', {}, 400],
    ['a name that is taken', '/tokens', { method: 'POST', body: { name: 'sample', role: 'read' } }, 409],
    ['a body over 1 MiB', '/tokens', { method: 'POST', body: JSON.stringify('x'.repeat(1_100_000)) }, 413],
    ['an Egg that is not there', '/eggs/nobody', {}, 404],
  ] satisfies [string, string, Call, number][])('%s', async (...[, path, call, status]) => {
    expect(refusal(await http(path, { ...call, headers: admin() }), status)).toMatch(/^[A-Z]+_[A-Z_]+$/);
  });

  it('a timer without its secret', async () => {
    const post = { method: 'POST' };
    refusal(await refusedAsNobody('/internal/tick', post), 401);
    refusal(await refusedAsNobody('/internal/tick', { ...post, headers: { 'x-trigger-auth': token } }), 401);
  });
});

it('lists page by page: every item once', async () => {
  const all: { items: { id: string }[] } = JSON.parse(
    (await http('/audit?limit=30', { headers: bearer(token) })).text,
  );
  const seen: string[] = [];
  let cursor = '';
  while (seen.length < 30) {
    const page = JSON.parse((await http(`/audit?limit=7${cursor}`, { headers: bearer(token) })).text);
    seen.push(...page.items.map(({ id }: { id: string }) => id));
    if (page.cursor === undefined) break;
    cursor = `&cursor=${encodeURIComponent(page.cursor)}`;
  }

  expect(new Set(seen).size).toBe(seen.length);
  expect(all.items.length).toBe(30);
  expect(seen).toEqual(expect.arrayContaining(all.items.slice(5).map(({ id }) => id)));
});

it('counts how long jobs waited, how long runners took to boot, and the calls of the agents', async () => {
  const { text } = await http('/metrics');
  const count = (series: string) => Number(new RegExp(`^${series} (\\d+)`, 'm').exec(text)?.[1] ?? 0);

  expect(count('job_wait_seconds_count\\{cause="starting_runner"\\}')).toBe(1);
  for (const stage of ['requested', 'plan', 'apply', 'boot', 'total']) {
    expect([stage, count(`runner_boot_seconds_count\\{stage="${stage}"\\}`) > 0]).toEqual([stage, true]);
  }
  const calls = 'gosling_http_request_seconds_count\\{method="POST",route="/runners/:id/';
  expect(count(`${calls}bootstrap",status="200"\\}`)).toBeGreaterThan(0);
  expect(count(`${calls}heartbeat",status="200"\\}`)).toBeGreaterThan(1);
});

it('counts how often what OpenTofu needs had to be made anew', async () => {
  const { text } = await http('/metrics');
  const [, misses] = /^gosling_tofu_cache_total\{cache="modules",result="miss"\} (\d+)$/m.exec(text) ?? [];

  expect(Number(misses)).toBeGreaterThan(0);
});
