import { openApiDocument, type Route, routes } from '@polar-gosling/api-contract';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { agentToken, createFakeEngine, type FakeEngine, triggerToken } from '../testing/fake-engine.ts';
import { aRollback } from '../testing/rows.ts';
import { testApp } from '../testing/test-app.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

function start(fake: FakeEngine = createFakeEngine()) {
  const app = testApp(fake.engine);
  apps.push(app);
  const as = (token: string) => async (method: InjectOptions['method'], url: string, body?: object) =>
    app.inject({
      ...(method && { method }),
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { payload: body }),
    });
  return { app, fake, read: as('read-token'), write: as('write-token'), admin: as('admin-token'), as };
}

describe('reading', () => {
  it('shows Eggs without what their configuration hides', async () => {
    const { read } = start();

    const list = await read('GET', '/eggs');
    const one = await read('GET', '/eggs/my-app');

    expect(list.json().items).toHaveLength(1);
    expect(one.json()).toMatchObject({
      name: 'my-app',
      status: 'active',
      synced_at: '2026-03-01T12:00:00.000Z',
      config: {
        runner: { jobs_per_runner: 2 },
        environment: { API_KEY: { secret: 'vault://***MASKED***' } },
      },
    });
  });

  it('shows the status of an Egg as the original does', async () => {
    const { read } = start();

    const status = await read('GET', '/eggs/my-app/status');

    expect(status.json()).toMatchObject({
      egg_name: 'my-app',
      latest_plan: { id: 'plan-1', applied_at: null, summary: { add: 1, change: 0, destroy: 0 } },
      deployment_history: [{ id: 'plan-1' }],
      active_runners: [{ jobs: [{ job_id: 7 }], why: 'launched for job 7' }],
      config_hash: 'c1',
      waiting_jobs: 1,
      capacity: { now: 0, starting: 1, max: 4 },
      problems: [{ code: 'FLY_E001' }],
    });
  });

  it('never shows the entry of a runner or the hash of a token', async () => {
    const { read, admin } = start();

    const answers = await Promise.all([
      read('GET', '/runners'),
      read('GET', '/runners/01hx'),
      read('GET', '/eggs/my-app/status'),
      admin('GET', '/tokens'),
    ]);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    expect(answers.map(({ body }) => body).join()).not.toContain('never shown');
  });

  it('passes the filter of runners on, typed', async () => {
    const { read, fake } = start();

    await read('GET', '/runners?egg=my-app&state=idle&pool=nadir&limit=7&cursor=x');

    expect(fake.calls).toContainEqual({
      name: 'runners',
      given: { egg: 'my-app', state: 'idle', pool: 'nadir', limit: 7, cursor: 'x' },
    });
  });

  it('takes the path of a project in why, slashes and all', async () => {
    const { read, fake } = start();

    const why = await read('GET', '/why/gitlab.example.com:8443/group%2Fsub%2Fapp/42');

    expect(why.json()).toMatchObject({ verdict: 'waiting', next: null });
    expect(fake.calls).toContainEqual({
      name: 'why',
      given: { server: 'gitlab.example.com:8443', project: 'group/sub/app', jobId: 42 },
    });
  });

  it('gives the log of a run as text', async () => {
    const { read } = start();

    const log = await read('GET', '/runs/r1/log');

    expect(log.body).toBe('a log\n');
    expect(log.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('pages a list that the engine gives whole', async () => {
    const { admin } = start();

    const first = (await admin('GET', '/tokens?limit=2')).json();
    const second = (await admin('GET', `/tokens?limit=2&cursor=${first.cursor}`)).json();

    expect(first).toMatchObject({ items: [{ id: 't1' }, { id: 't2' }], cursor: 't2' });
    expect(second.items).toMatchObject([{ id: 't3' }]);
    expect(second.cursor).toBeUndefined();
  });

  it('tells nobody in particular only whether it lives', async () => {
    const { app, read } = start();

    const stranger = (await app.inject('/health')).json();
    const known = (await read('GET', '/health')).json();

    expect(stranger).toEqual({
      live: true,
      version: '0.0.0-test',
      dependencies: [{ name: 'store', ok: true }],
    });
    expect(known).toMatchObject({ nest: { mode: 'webhook' }, problems: [] });
  });

  it('answers 503 with the same body when it does not live', async () => {
    const health = async () => ({
      live: false,
      dependencies: [{ name: 'store', ok: false, detail: '' }],
      problems: [],
      nest: { mode: 'poll' as const },
    });
    const { app } = start(createFakeEngine({ queries: { health } }));

    const answer = await app.inject('/health');

    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ live: false, dependencies: [{ name: 'store', ok: false }] });
  });
});

describe('commands', () => {
  it('launches, removes, syncs and freezes', async () => {
    const { write, fake } = start();

    const answers = [
      await write('POST', '/runners', { egg_name: 'my-app' }),
      await write('DELETE', '/runners/01hx?force=true'),
      await write('POST', '/sync'),
      await write('POST', '/sync', { confirm: 'abcdef0' }),
      await write('PUT', '/freeze', { why: 'release day' }),
      await write('DELETE', '/freeze'),
      await write('PUT', '/freeze/my-app', { why: 'one' }),
      await write('DELETE', '/freeze/my-app'),
    ];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202, 202, 204, 204, 204, 204]);
    expect(fake.calls.map(({ name, given }) => [name, given])).toEqual([
      ['launchRunners', { egg: 'my-app', count: 1 }],
      ['removeRunner', { id: '01hx', force: true }],
      ['sync', {}],
      ['sync', { confirm: 'abcdef0' }],
      ['setFreeze', { on: true, why: 'release day' }],
      ['setFreeze', { on: false, why: 'lifted by writer' }],
      ['setFreeze', { egg: 'my-app', on: true, why: 'one' }],
      ['setFreeze', { egg: 'my-app', on: false, why: 'lifted by writer' }],
    ]);
  });

  it('shows the value of a new token once and refuses a name that is taken', async () => {
    const { admin } = start();

    const made = await admin('POST', '/tokens', {
      name: 'ci',
      role: 'read',
      expires_at: '2099-01-01T00:00:00Z',
    });
    const taken = await admin('POST', '/tokens', { name: 'taken', role: 'read' });

    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({ name: 'ci', token: 'shown-once' });
    expect(taken.json()).toMatchObject({ status: 409, code: 'TOKEN_NAME_TAKEN' });
  });

  it('refuses a token that is over before it begins', async () => {
    const { admin } = start();

    const answer = await admin('POST', '/tokens', {
      name: 'x',
      role: 'read',
      expires_at: '2001-01-01T00:00:00Z',
    });

    expect(answer.json()).toMatchObject({ status: 400, errors: [{ path: 'body.expires_at' }] });
  });

  it('clears a cache and says how much it held', async () => {
    const { admin } = start();

    const cleared = await admin('DELETE', '/caches/providers');
    const unknown = await admin('DELETE', '/caches/secrets');

    expect([cleared.statusCode, cleared.json()]).toEqual([200, { kind: 'providers', removed: 3 }]);
    expect(unknown.statusCode).toBe(400);
  });

  it('works the dead letters', async () => {
    const { admin } = start();

    const list = await admin('GET', '/tasks');
    const codes = [
      await admin('POST', '/tasks/dead-1/redrive'),
      await admin('POST', '/tasks/none/redrive'),
      await admin('DELETE', '/tasks/dead-1'),
      await admin('DELETE', '/tasks/none'),
    ].map(({ statusCode }) => statusCode);

    expect(list.json()).toMatchObject({
      items: [{ id: 'dead-1', kind: 'reconcile', reason: 'five failures' }],
      queue: { ready: 1, buried: 1, oldest_age_s: 1.5 },
    });
    expect(codes).toEqual([202, 404, 204, 404]);
  });
});

describe('the agent', () => {
  const boot = { gosling_version: '1', platform: 'linux', architecture: 'amd64', boot_id: 'b' };
  const report = {
    seq: 1,
    sent_at: '2026-03-01T12:00:00Z',
    state: 'active',
    jobs: [{ server: 'gitlab.com', project_id: 1, job_id: 2, since: '2026-03-01T11:59:00Z' }],
    job_count: 1,
    cpu_usage: 12.5,
    memory_usage: 100,
    disk_usage: 0,
    agent_version: '1',
    gosling_version: '1',
    config_hash: 'c1',
    failure_count: 0,
    of_a_newer_release: true,
  };

  it('trades its one-time token for what it works by', async () => {
    const { as } = start();

    const answer = await as('one-time')('POST', '/runners/r1/bootstrap', { ...boot, newer: 1 });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      agent_token: agentToken,
      runner_id: 'r1',
      gitlab: { token: 'glrt-x', system_id: 'r_1' },
      config: { executor: 'shell', environment: { A: 'b' }, concurrent: 1 },
      timeouts: { job_s: 3_600, max_life_at: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('is fetched as bytes with the one-time token', async () => {
    const { as, fake } = start();

    const answer = await as('one-time')('GET', '/runners/r1/gosling?os=linux&arch=arm64');

    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '9',
    });
    expect(answer.body).toBe('the agent');
    expect(fake.calls.at(-1)).toMatchObject({
      name: 'gosling',
      given: { runnerId: 'r1', os: 'linux', arch: 'arm64' },
    });
  });

  it('is not fetched for a platform that no agent is made for', async () => {
    const { as } = start();

    const answer = await as('one-time')('GET', '/runners/r1/gosling?os=plan9');

    expect(answer.statusCode).toBe(400);
  });

  it('reports, and its report arrives in the engine’s words', async () => {
    const { as, fake } = start();

    const answer = await as(agentToken)('POST', '/runners/r1/heartbeat', report);

    expect(answer.json()).toEqual({ desired: 'run', config_hash: 'c1', next_in_s: 30 });
    expect(fake.calls.at(-1)).toMatchObject({
      name: 'heartbeat',
      given: {
        runnerId: 'r1',
        report: {
          seq: 1,
          sentAt: Date.parse('2026-03-01T12:00:00Z'),
          jobs: [{ projectId: 1, jobId: 2, since: Date.parse('2026-03-01T11:59:00Z') }],
          cpuUsage: 12.5,
        },
      },
    });
  });

  it.each([
    ['a percent over 100', { cpu_usage: 101 }],
    ['a state of its own', { state: 'confused' }],
    ['a text without end', { error: { code: 'X', detail: 'x'.repeat(2_001) } }],
    ['more jobs than a machine can run', { jobs: Array.from({ length: 201 }, () => report.jobs[0]) }],
  ])('refuses a report with %s', async (_what, wrong) => {
    const { as, fake } = start();

    const answer = await as(agentToken)('POST', '/runners/r1/heartbeat', { ...report, ...wrong });

    expect(answer.statusCode).toBe(400);
    expect(fake.calls).toEqual([]);
  });
});

describe('a rollback', () => {
  it('is what the engine says, with references of secrets masked', async () => {
    const { write, fake } = start();

    const answer = await write('POST', '/eggs/my-app/rollback', { to: '-1', dry_run: true });

    expect(fake.calls).toEqual([
      { name: 'rollback', given: { egg: 'my-app', to: '-1', unpin: false, dryRun: true } },
    ]);
    expect(answer.json()).toMatchObject({
      egg_name: 'my-app',
      action: 'pin',
      dry_run: true,
      after: { machine_hash: 'm1', git_commit: 'def5678' },
      changes: [
        { path: 'resources.memory_mib', before: 2, after: 1, machine: true },
        { path: 'environment.API_KEY.secret', after: 'vault://***MASKED***' },
      ],
      runners: { replaced: ['r1'], drained: ['r2'] },
    });
  });

  it.each([
    [undefined, undefined],
    ['made anew' as const, null],
    [
      { id: 'p9', createdAt: 0, summary: { add: 0, change: 1, destroy: 0 } },
      { id: 'p9', created_at: '1970-01-01T00:00:00.000Z', summary: { add: 0, change: 1, destroy: 0 } },
    ],
  ])('of a long-lived set names the plan it goes by: %j', async (plan, told) => {
    const view = aRollback({ egg: 'rift', unpin: false, dryRun: false });
    const rollback = async () => ({ ...view, ...(plan === undefined ? {} : { plan }) });
    const { write } = start(createFakeEngine({ commands: { rollback } }));

    const answer = await write('POST', '/eggs/rift/rollback', {});

    expect(answer.json().plan).toEqual(told);
  });

  it('is 404 for the Egg of others, 409 where there is nothing to go back to, 400 for two wishes at once', async () => {
    const { write, as, fake } = start();

    const others = await as('other-egg-token')('POST', '/eggs/my-app/rollback', {});
    const nothing = await write('POST', '/eggs/my-app/rollback', { to: 'none' });
    const before = fake.calls.length;
    const both = await write('POST', '/eggs/my-app/rollback', { to: '-1', unpin: true });

    expect([others.statusCode, nothing.statusCode, both.statusCode]).toEqual([404, 409, 400]);
    expect(nothing.json()).toMatchObject({ code: 'ROLLBACK_NOTHING' });
    expect(fake.calls).toHaveLength(before);
  });
});

describe('a preview', () => {
  it('takes a whole Nest, and shows what it would do without what its configuration hides', async () => {
    const { read, fake } = start();
    const files = Array.from({ length: 30 }, (_, at) => ({
      path: `Eggs/e${at}/config.fly`,
      text: 'x'.repeat(1e5),
    }));
    const commit = 'a'.repeat(40);

    const answer = await read('POST', '/previews', { files, commit });

    expect(answer.statusCode).toBe(200);
    expect(fake.calls).toEqual([{ name: 'preview', given: { files, commit } }]);
    expect(answer.json()).toMatchObject({
      status: 'held',
      held: [{ rule: 'removes_eggs' }],
      eggs: [
        {
          name: 'my-app',
          replaces: true,
          ends_pin: true,
          changes: [{ path: 'environment.API_KEY.secret', after: 'vault://***MASKED***', machine: true }],
          runners: { replaced: ['r1'] },
        },
      ],
    });
  });

  it('is not for tokens of some Eggs, nor for files that are no Nest, nor for more than 4 MiB', async () => {
    const { read, as, fake } = start();
    const files = [{ path: 'Eggs/a.fly', text: '' }];
    const big = Array.from({ length: 50 }, (_, at) => ({ path: `Eggs/${at}.fly`, text: 'x'.repeat(1e5) }));

    const codes = [
      (await as('other-egg-token')('POST', '/previews', { files })).statusCode,
      (await read('POST', '/previews', { files: [{ path: '/etc/passwd', text: '' }] })).statusCode,
      (await read('POST', '/previews', { files, commit: '--output=x' })).statusCode,
      (await read('POST', '/previews', { files: big })).statusCode,
    ];

    expect(codes).toEqual([403, 400, 400, 413]);
    expect(fake.calls).toEqual([]);
  });
});

describe('the timer', () => {
  it.each([
    ['/internal/sync-git', 'wakeSync'],
    ['/internal/health-check', 'wakePrune'],
    ['/internal/uglyfox/health-check', 'wakePrune'],
    ['/internal/metrics/collect', 'collect'],
    ['/internal/tick', 'tick'],
  ])('%s wakes %s, only with its secret', async (url, call) => {
    const { app, fake } = start();
    const post = (headers: Record<string, string>) => app.inject({ method: 'POST', url, headers });

    const codes = [
      (await post({})).statusCode,
      (await post({ 'x-trigger-auth': 'wrong' })).statusCode,
      (await post({ authorization: 'Bearer admin-token' })).statusCode,
      (await post({ 'x-trigger-auth': triggerToken })).statusCode,
    ];

    expect(codes).toEqual([401, 401, 401, 202]);
    expect(fake.calls.map(({ name }) => name)).toEqual([call]);
  });
});

describe('the document', () => {
  it('is served, and the server has each of its routes', async () => {
    const { app } = start();

    const served = (await app.inject('/openapi.json')).json();
    const missing = Object.values<Route>(routes).filter(
      ({ method, path }) => !app.hasRoute({ method, url: path.replace(/\{(\w+)\}/g, ':$1') }),
    );

    expect(served).toEqual(openApiDocument('0.0.0-test'));
    expect(missing).toEqual([]);
  });

  it('promises every success that is given', async () => {
    const { read } = start();
    const params: Record<string, string> = {
      name: 'my-app',
      id: 'plan-1',
      server: 'gitlab.com',
      project_id: '1',
      job_id: '7',
    };
    const readable = Object.values<Route>(routes).filter(
      ({ method, auth, role }) => method === 'GET' && auth === 'api' && role === undefined,
    );

    const wrong = [];
    for (const { path, success } of readable) {
      const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => params[name] ?? 'x');
      const url = path === '/runs' ? `${filled}?egg=my-app` : filled;
      const answer = await read('GET', url);
      const shape = success.schema?.safeParse(answer.json());
      if (answer.statusCode !== success.status || shape?.success === false) wrong.push([url, shape?.error]);
    }

    expect(readable.length).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });
});

describe('/metrics', () => {
  it('has the waits and boots from the first day, and the process', async () => {
    const { app } = start();

    const { body, headers } = await app.inject({
      url: '/metrics',
      remoteAddress: '127.0.0.1',
      headers: { host: 'localhost' },
    });

    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(body).toContain('# TYPE job_wait_seconds histogram');
    expect(body).toContain('# TYPE runner_boot_seconds histogram');
    expect(body).toContain('process_resident_memory_bytes');
    expect(body).toContain('gosling_queue_messages{state="buried"} 1');
    expect(body).toContain('gosling_queue_oldest_seconds 1.5');
  });
});
