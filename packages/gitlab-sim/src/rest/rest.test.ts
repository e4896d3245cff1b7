import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aShiftableClock, aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at, createApiClient } from '../testing/api-client.ts';

let tested: SimUnderTest;
let clock: ReturnType<typeof aShiftableClock>;

beforeEach(async () => {
  clock = aShiftableClock();
  tested = await aSim({ clock });
});
afterEach(() => tested.sim.close());

const violationsOf = () => tested.sim.violations.map(({ kind, detail }) => `${kind}: ${detail}`);

describe('authentication', () => {
  it('takes PRIVATE-TOKEN and Bearer, and refuses none, unknown and expired tokens', async () => {
    const token = tested.sim.addToken({ user: 'ann', scopes: ['read_api'], expiresAtMs: clock.now() + 1000 });
    const anonymous = createApiClient(tested.url);
    const bearer = { headers: { Authorization: `Bearer ${token}` } };

    const before = [
      (await anonymous('GET', '/user', bearer)).status,
      (await anonymous('GET', '/user', { token })).status,
      (await anonymous('GET', '/user')).status,
      (await anonymous('GET', '/user', { token: 'glpat-no' })).status,
    ];
    clock.shift(2000);
    const expired = await anonymous('GET', '/user', { token });

    expect(before).toEqual([200, 200, 401, 401]);
    expect([expired.status, at(expired.body, 'error')]).toEqual([401, 'invalid_token']);
  });

  it('names the scopes a token lacks', async () => {
    const token = tested.sim.addToken({ user: 'ann', scopes: ['read_api'] });
    const path = `/projects/${tested.projectId}/hooks`;

    const read = await tested.api('GET', path, { token });
    const write = await tested.api('POST', path, { token, body: { url: 'http://127.0.0.1:9/' } });
    const self = await tested.api('GET', '/personal_access_tokens/self', { token });

    expect(read.status).toBe(200);
    expect(write).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'api' } });
    expect(at(self.body, 'scopes')).toEqual(['read_api']);
  });

  it('shows a stranger 404, and a member without the role 403', async () => {
    tested.sim.addUser({ username: 'bob' });
    tested.sim.addGroup({ path: 'team', members: { bob: 'developer' } });
    const { id } = tested.sim.addProject({ path: 'team/tool' });
    const token = tested.sim.addToken({ user: 'bob', scopes: ['api'] });

    const stranger = await tested.api('GET', `/projects/${tested.projectId}`, { token });
    const seen = await tested.api('GET', '/projects/team%2Ftool', { token });
    const hooks = await tested.api('GET', `/projects/${id}/hooks`, { token });
    const runner = await tested.api('POST', '/user/runners', {
      token,
      body: { runner_type: 'project_type', project_id: id, run_untagged: true },
    });

    expect([stranger.status, seen.status, hooks.status, runner.status]).toEqual([404, 200, 403, 403]);
    expect(at(seen.body, 'id')).toBe(id);
  });
});

describe('strictness', () => {
  it('answers and records what GitLab would let pass: fields, values and routes it does not know', async () => {
    const hooks = `/projects/${tested.projectId}/hooks`;

    const answers = [
      await tested.api('GET', `/projects/${tested.projectId}/jobs?scop[]=pending`),
      await tested.api('GET', `/projects/${tested.projectId}/jobs?per_page=many`),
      await tested.api('POST', hooks, { body: { url: 'http://127.0.0.1:9/', job_event: true } }),
      await tested.api('POST', hooks, { body: { url: 'http://127.0.0.1:9/', job_events: 'yes' } }),
      await tested.api('POST', hooks, { body: {} }),
      await tested.api('PATCH', hooks),
      await tested.api('GET', '/nothing/here'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 404, 404]);
    expect(violationsOf()).toEqual([
      'unknown_field: scop is unknown',
      'bad_value: per_page is invalid',
      'unknown_field: job_event is unknown',
      'bad_value: job_events is invalid',
      'missing_field: url is missing',
      'unknown_route: no such route',
      'unknown_route: no such route',
    ]);
    expect(tested.sim.hooks(tested.projectId)).toEqual([]);
  });

  it('serves nothing outside /api/v4, and no control API unless asked for', async () => {
    const outside = await fetch(`${tested.url}/user`);
    const control = await fetch(`${tested.url}/sim/jobs`, { method: 'POST' });

    expect([outside.status, control.status]).toEqual([404, 404]);
  });
});

describe('lists', () => {
  it('are cut into pages by number, with Link and X- headers', async () => {
    for (let count = 0; count < 5; count++) tested.sim.runPipeline(tested.projectId);

    const second = await tested.api('GET', `/projects/${tested.projectId}/jobs?per_page=2&page=2`);

    expect(second.body).toHaveLength(2);
    expect(second.headers.get('x-total-pages')).toBe('3');
    expect(second.headers.get('link')).toMatch(/<[^>]*page=3[^>]*>; rel="next"/);
  });

  it('are cut after a cursor with pagination=keyset, and the last page has no Link', async () => {
    for (let count = 0; count < 5; count++) tested.sim.runPipeline(tested.projectId);
    const ids: unknown[] = [];
    let path = `/projects/${tested.projectId}/jobs?scope[]=pending&pagination=keyset&order_by=id&sort=desc&per_page=2`;
    for (let pages = 0; path !== '' && pages < 9; pages++) {
      const page = await tested.api('GET', path);
      if (Array.isArray(page.body)) ids.push(...page.body.map((job) => at(job, 'id')));
      path = /<[^>]*\/api\/v4([^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    }

    expect(ids).toEqual(
      tested.sim
        .jobs()
        .map(({ id }) => id)
        .toReversed(),
    );
  });

  it('of a group hold what lies below it only when asked', async () => {
    const { id } = tested.sim.addGroup({ path: 'demo', members: { ann: 'guest' } });
    tested.sim.addProject({ path: 'demo/sub/deep' });

    const flat = await tested.api('GET', `/groups/${id}/projects`);
    const deep = await tested.api('GET', '/groups/demo/projects?include_subgroups=true');

    expect(flat.body).toMatchObject([{ path_with_namespace: 'demo/app' }]);
    expect(deep.body).toHaveLength(2);
  });
});

describe('hooks', () => {
  it('lose their secret by an update that leaves it out', async () => {
    const path = `/projects/${tested.projectId}/hooks`;
    const url = 'http://127.0.0.1:9/';
    const signing_token = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const made = await tested.api('POST', path, { body: { url, token: 'secret', signing_token } });
    const one = `${path}/${at(made.body, 'id')}`;

    const kept = await tested.api('PUT', one, { body: { url, token: 'secret', job_events: true } });
    const lost = await tested.api('PUT', one, { body: { url, job_events: true } });
    const moved = await tested.api('PUT', one, { body: { url: `${url}new` } });

    expect(made.body).toMatchObject({ token_present: true, signing_token_present: true, push_events: true });
    expect(JSON.stringify(made.body)).not.toContain('secret"');
    expect(kept.body).toMatchObject({ token_present: true, job_events: true });
    expect(lost.body).toMatchObject({ token_present: false, signing_token_present: true });
    expect(moved.body).toMatchObject({ signing_token_present: false });
    expect((await tested.api('DELETE', one)).status).toBe(204);
    expect((await tested.api('DELETE', one)).status).toBe(404);
  });

  it('refuse a signing token that is not whsec_ and 32 bytes', async () => {
    const body = { url: 'http://127.0.0.1:9/', signing_token: 'whsec_short' };

    expect((await tested.api('POST', `/projects/${tested.projectId}/hooks`, { body })).status).toBe(422);
  });
});

describe('runners', () => {
  it('are made, changed, rotated and removed by their owner', async () => {
    const { id, token } = await tested.newRunner({ description: 'pool', maximum_timeout: 3600 });

    const changed = await tested.api('PUT', `/runners/${id}`, {
      body: { paused: true, tag_list: ['linux', 'big'], access_level: 'ref_protected' },
    });
    const rotated = await tested.api('POST', `/runners/${id}/reset_authentication_token`);
    const listed = await tested.api('GET', `/projects/${tested.projectId}/runners?paused=true&tag_list=big`);
    const removed = await tested.api('DELETE', `/runners/${id}`);

    expect(token).toMatch(/^glrt-/);
    expect(changed.body).toMatchObject({
      id,
      paused: true,
      active: false,
      tag_list: ['linux', 'big'],
      access_level: 'ref_protected',
      maximum_timeout: 3600,
      status: 'never_contacted',
      projects: [{ id: tested.projectId }],
    });
    expect(at(rotated.body, 'token')).not.toBe(token);
    expect(listed.body).toMatchObject([{ id }]);
    expect(removed.status).toBe(204);
    expect((await tested.api('GET', `/runners/${id}`)).status).toBe(404);
  });

  it('are refused without the id of their kind, without tags, and with a life out of range', async () => {
    const make = (fields: object) => tested.api('POST', '/user/runners', { body: fields });
    const project = { runner_type: 'project_type', project_id: tested.projectId };
    const soon = new Date(clock.now() + 60_000).toISOString();

    const statuses = [
      (await make({ runner_type: 'project_type', run_untagged: true })).status,
      (await make({ runner_type: 'instance_type', run_untagged: true })).status,
      (await make({ ...project, tag_list: [] })).status,
      (await make({ ...project, run_untagged: true, token_expires_at: soon })).status,
      (await make({ ...project, run_untagged: true, maximum_timeout: 60 })).status,
    ];

    expect(statuses).toEqual([400, 403, 400, 400, 400]);
  });

  it('are seen busy on the machine that runs a job', async () => {
    const { id, token } = await tested.newRunner();
    tested.sim.runPipeline(tested.projectId);
    const ask = (system_id: string) => tested.api('POST', '/jobs/request', { body: { token, system_id } });
    await ask('r_aaaaaaaaaaaa');
    await ask('r_bbbbbbbbbbbb');

    const managers = await tested.api('GET', `/runners/${id}/managers`);
    const jobs = await tested.api('GET', `/runners/${id}/jobs?status=running&system_id=r_aaaaaaaaaaaa`);
    const others = await tested.api('GET', `/runners/${id}/jobs?system_id=r_bbbbbbbbbbbb`);

    expect(managers.body).toMatchObject([
      { system_id: 'r_aaaaaaaaaaaa', status: 'online', job_execution_status: 'active' },
      { system_id: 'r_bbbbbbbbbbbb', status: 'online', job_execution_status: 'idle' },
    ]);
    expect(jobs.body).toMatchObject([{ runner_manager: { system_id: 'r_aaaaaaaaaaaa' } }]);
    expect(others.body).toEqual([]);
  });
});

describe('jobs and pipelines', () => {
  it('are listed, cancelled and retried', async () => {
    const base = `/projects/${tested.projectId}`;
    const made = await tested.api('POST', `${base}/pipeline`, {
      body: { ref: 'main', variables: [{ key: 'A', value: '1' }] },
    });
    const [job] = tested.sim.jobs();

    const canceled = await tested.api('POST', `${base}/jobs/${job?.id}/cancel`, { body: { force: false } });
    const retried = await tested.api('POST', `${base}/jobs/${job?.id}/retry`);
    const again = await tested.api('POST', `${base}/jobs/${job?.id}/retry`);
    const jobs = await tested.api(
      'GET',
      `${base}/pipelines/${at(made.body, 'id')}/jobs?include_retried=true`,
    );

    expect(made).toMatchObject({ status: 201, body: { status: 'pending', source: 'api' } });
    expect([canceled.status, at(canceled.body, 'status')]).toEqual([201, 'canceled']);
    expect([retried.status, at(retried.body, 'status')]).toEqual([201, 'pending']);
    expect(again.status).toBe(403);
    expect(jobs.body).toHaveLength(2);
    expect((await tested.api('POST', `${base}/pipeline`, { body: { ref: 'no' } })).status).toBe(400);
  });
});

describe('deploy keys and schedules', () => {
  const key = `ssh-ed25519 ${Buffer.alloc(51, 3).toString('base64')} nest`;

  it('keep a key once, by its fingerprint', async () => {
    const path = `/projects/${tested.projectId}/deploy_keys`;

    const made = await tested.api('POST', path, { body: { title: 'nest', key } });
    const twice = await tested.api('POST', path, { body: { title: 'again', key } });
    const broken = await tested.api('POST', path, { body: { title: 'no', key: 'hello' } });
    const one = `${path}/${at(made.body, 'id')}`;
    const renamed = await tested.api('PUT', one, { body: { title: 'new' } });

    expect(made).toMatchObject({ status: 201, body: { can_push: false, title: 'nest' } });
    expect(at(made.body, 'fingerprint_sha256')).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect([twice.status, broken.status]).toEqual([400, 400]);
    expect(renamed.body).toMatchObject({ title: 'new' });
    expect((await tested.api('DELETE', one)).status).toBe(204);
    expect(tested.sim.deployKeys(tested.projectId)).toEqual([]);
  });

  it('keep a schedule with the whole ref, and play it as its owner', async () => {
    const path = `/projects/${tested.projectId}/pipeline_schedules`;
    const body = { description: 'nightly', ref: 'main', cron: '0 3 * * *' };

    const made = await tested.api('POST', path, { body });
    const played = await tested.api('POST', `${path}/${at(made.body, 'id')}/play`);
    const wrong = await tested.api('POST', path, { body: { ...body, cron: 'often' } });

    expect(made).toMatchObject({ status: 201, body: { ref: 'refs/heads/main', active: true } });
    expect(played.status).toBe(201);
    expect(tested.sim.pipeline(tested.sim.jobs()[0]?.pipelineId ?? 0).source).toBe('schedule');
    expect(wrong.status).toBe(400);
  });
});

describe('faults of the API', () => {
  it('limit requests per token, say when to come back, and forget after a minute', async () => {
    tested.sim.faults.setRateLimit({ perMinute: 2 });
    const other = tested.sim.addToken({ user: 'ann', scopes: ['api'] });
    clock.shift(60_000 - (clock.now() % 60_000));

    const first = await tested.api('GET', '/user');
    await tested.api('GET', '/user');
    const refused = await tested.api('GET', '/user');
    const spared = await tested.api('GET', '/user', { token: other });
    clock.shift(60_000);
    const after = await tested.api('GET', '/user');

    expect(first.headers.get('ratelimit-remaining')).toBe('1');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(Date.parse(refused.headers.get('ratelimit-resettime') ?? '')).toBe(
      Number(refused.headers.get('ratelimit-reset')) * 1000,
    );
    expect([spared.status, after.status]).toEqual([200, 200]);
  });

  it('answer with a status, cut the connection, or lose an answer that was carried out', async () => {
    const path = `/projects/${tested.projectId}/hooks`;
    const body = { url: 'http://127.0.0.1:9/' };
    const { faults } = tested.sim;

    faults.addApiFault({ path: /^\/user$/, status: 503, headers: { 'Retry-After': '7' }, times: 1 });
    const unavailable = await tested.api('GET', '/user');
    faults.addApiFault({ method: 'POST', path: /hooks$/, isCutOff: true, isCarriedOut: true, times: 1 });
    await expect(tested.api('POST', path, { body })).rejects.toThrow();

    expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '7']);
    expect(tested.sim.hooks(tested.projectId)).toHaveLength(1);
    expect((await tested.api('GET', '/user')).status).toBe(200);
  });
});
