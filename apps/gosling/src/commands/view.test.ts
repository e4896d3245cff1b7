import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  CiJobList,
  CreatedToken,
  Egg,
  EggStatus,
  Health,
  RunnerList,
  Why,
} from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { aDirectory, type CliResult, runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const at = '2026-01-01T00:00:00Z';
const token = 'an-admin-token-of-the-api';

const egg = Egg.parse({
  name: 'my-app',
  kind: 'egg',
  status: 'invalid',
  config: { runner: { tags: ['linux'], concurrent: 3 } },
  config_hash: 'c1',
  machine_hash: 'm1',
  git_commit: '1a2b3c4d5e6f',
  source_file: 'Eggs/my-app/config.fly',
  synced_at: at,
  created_at: at,
  gitlab_server: 'gitlab.example',
  gitlab_project_id: 42,
  problem: {
    code: 'FLY030',
    message: 'egg has no attribute "tpye"',
    file: 'Eggs/my-app/config.fly',
    line: 2,
  },
});
const status = EggStatus.parse({
  egg_name: 'my-app',
  latest_plan: null,
  deployment_history: [],
  active_runners: [],
  config_hash: 'c1',
  machine_hash: 'm1',
  deployment: null,
  waiting_jobs: 1,
  capacity: { now: 1, starting: 1, max: 3 },
  problems: [],
});
const health = Health.parse({
  live: true,
  version: '0.0.0',
  dependencies: [{ name: 'store', ok: true }],
  problems: [],
  nest: { commit: '1a2b3c4d5e6f', synced_at: at, status: 'partial', mode: 'poll' },
});
const waiting = CiJobList.parse({
  items: [
    {
      server: 'gitlab.example',
      project_id: 42,
      job_id: 7,
      name: 'build',
      status: 'pending',
      ref: 'main',
      pipeline_id: 1,
      tags: ['linux'],
      queued_at: at,
      egg_name: 'my-app',
      reason: 'egg_full',
    },
  ],
});
const why = Why.parse({
  job: { name: 'build' },
  verdict: 'unmatched',
  since: at,
  steps: [
    { at, what: 'seen', detail: 'job event', ok: true },
    { at: null, what: 'matched', detail: 'no Egg has all its tags', ok: false },
  ],
  candidates: [{ egg_name: 'my-app', matches: false, missing_tags: ['gpu'], room: 2, order: 1 }],
  next: { what: 'nothing until the tags change', at_latest: null },
  blockers: [{ code: 'NO_MATCHING_EGG', detail: 'no Egg has the tag gpu', fix: 'add it to my-app' }],
});
const runners = RunnerList.parse({
  items: [
    {
      id: '01kbrunner',
      egg_name: 'my-app',
      type: 'vm',
      state: 'idle',
      pool: 'apex',
      cloud_provider: 'local',
      region: 'local',
      created_at: at,
      last_heartbeat: null,
      jobs: [],
      deadline_at: null,
      why: 'kept by min_count',
      desired: 'run',
      reported_state: 'idle',
      failure_count: 0,
      system_id: 'r_abcdefabcdef',
      config_hash: 'c1',
      machine_hash: 'm1',
    },
  ],
});

async function anApi({ onTestFinished }: TestContext, more: Parameters<typeof startFakeApi>[0] = {}) {
  const api = await startFakeApi({
    'GET /health': health,
    'GET /eggs': { items: [egg] },
    'GET /eggs/my-app': egg,
    'GET /eggs/my-app/status': status,
    'GET /ci-jobs': waiting,
    'GET /runners': runners,
    'GET /why/gitlab.example/group%2Fapp/7': why,
    ...more,
  });
  onTestFinished(api.close);
  const run = (...args: string[]): Promise<CliResult> =>
    runCli(args, { env: { GOSLING_URL: api.url, GOSLING_TOKEN: token } });
  return { api, run };
}

describe.concurrent('commands that ask MotherGoose', { timeout: 90_000 }, () => {
  it('shows Eggs, capacity, waiting jobs with their reason, and a broken Egg with file and line', async (test) => {
    const { run } = await anApi(test);

    const { code, stdout } = await run('status');

    test.expect(code).toBe(0);
    test.expect(stdout).toContain('poll mode');
    test.expect(stdout).toMatch(/my-app +broken +1\+1\/3 +0 +1/);
    test.expect(stdout).toMatch(/build #7 +my-app +.* ago +egg_full/);
    test.expect(stdout).toContain('Eggs/my-app/config.fly:2: egg has no attribute "tpye" [FLY030]');
  });

  it('passes over an Egg that is forgotten while it looks', async (test) => {
    const gone = { status: 404, code: 'EGG_MISSING', detail: 'no such Egg' };
    const { run } = await anApi(test, { 'GET /eggs/my-app/status': gone });

    const { code, stdout } = await run('status');

    test.expect(code).toBe(0);
    test.expect(stdout).toContain('no Eggs yet');
    test.expect((await run('status', '--egg', 'my-app')).code).toBe(5);
  });

  it('prints a link that opens the status page once', async (test) => {
    const link = { path: '/login?code=abc', expires_at: at };
    const { run } = await anApi(test, { 'POST /page-links': link });

    const { code, stdout } = await run('status', '--page');

    test.expect(code).toBe(0);
    test.expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/login\?code=abc\n$/);
    const asJson = await run('status', '--page', '--json');
    test.expect(JSON.parse(asJson.stdout)).toEqual({ url: stdout.trim(), expires_at: at });
  });

  it('exits with 8 for problems only where asked', async (test) => {
    const { run } = await anApi(test);

    test.expect((await run('status', '--exit-status')).code).toBe(8);
    test.expect((await run('status', '--egg', 'my-app')).code).toBe(0);
  });

  it('prints data as JSON with --json, and nothing else on stdout', async (test) => {
    const { run } = await anApi(test);

    const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

    test.expect(await json('status')).toMatchObject({ health: { live: true }, eggs: [{ name: 'my-app' }] });
    test.expect(await json('list', 'runners')).toMatchObject([{ id: '01kbrunner' }]);
    test.expect(await json('list', 'ci-jobs', '--waiting')).toMatchObject([{ job_id: 7 }]);
    test
      .expect(await json('why', 'https://gitlab.example/group/app/-/jobs/7'))
      .toMatchObject({ verdict: 'unmatched' });
  });

  it('says why a job waits: steps, the nearest Egg with its missing tag, what to do', async (test) => {
    const { run } = await anApi(test);

    const { code, stdout } = await run('why', 'https://gitlab.example/group/app/-/jobs/7#L10');

    test.expect(code).toBe(0);
    test.expect(stdout).toContain('✓ seen: job event');
    test.expect(stdout).toContain('✗ matched: no Egg has all its tags');
    test.expect(stdout).toContain('✗ my-app: has not the tags gpu');
    test.expect(stdout).toContain('→ add it to my-app');
    test.expect(stdout).toContain('next: nothing until the tags change');
  });

  it('refuses an address that is no job, without asking anybody', async (test) => {
    const { run, api } = await anApi(test);

    test.expect((await run('why', 'https://gitlab.example/group/app')).code).toBe(64);
    test.expect((await run('why', '123')).code).toBe(64);
    test.expect(api.requests).toEqual([]);
  });

  it('lists runners as a table that a pipe gets whole', async (test) => {
    const { run } = await anApi(test);

    const { stdout, stderr } = await run('list', 'runners');

    test.expect(stdout.split('\n')[0]).toMatch(/^ID +EGG +STATE +POOL/);
    test.expect(stdout).toContain('kept by min_count');
    test.expect(stderr).toBe('');
  });

  it('shows one value of an Egg, and knows a misspelt field', async (test) => {
    const { run } = await anApi(test);

    test
      .expect((await run('get', 'egg', 'my-app', '--field', 'config.runner.concurrent')).stdout)
      .toBe('3\n');
    test.expect((await run('get', 'egg', 'my-app', '--field', 'status')).stdout).toBe('invalid\n');
    const wrong = await run('get', 'egg', 'my-app', '--field', 'config.runner.concurent');
    test.expect(wrong.code).toBe(5);
    test.expect(wrong.stderr).toContain('did you mean concurrent?');
  });

  it('sends the token and prints the value of a new one as its only data', async (test) => {
    const made = CreatedToken.parse({
      id: '0123456789ab',
      name: 'ci',
      role: 'write',
      created_at: at,
      token: 'the-new-value',
    });
    const { run, api } = await anApi(test, { 'POST /tokens': made, 'DELETE /tokens/0123456789ab': {} });

    const { stdout } = await run(
      'token',
      'create',
      'ci',
      '--role',
      'write',
      '--egg',
      'a',
      '--egg',
      'b',
      '--expires',
      '90d',
    );
    const revoked = await run('token', 'revoke', '0123456789ab');

    test.expect(stdout).toBe('the-new-value\n');
    test
      .expect(api.requests[0])
      .toMatchObject({ token, body: { name: 'ci', role: 'write', eggs: ['a', 'b'] } });
    test.expect(revoked.code).toBe(0);
    test.expect((await run('token', 'create', 'ci', '--expires', 'soon')).code).toBe(64);
  });

  it('asks for a sync, confirms a held commit, freezes and lifts it', async (test) => {
    const { run, api } = await anApi(test, {
      'POST /sync': { status: 'accepted' },
      'PUT /freeze': {},
      'DELETE /freeze/my-app': {},
    });

    test.expect((await run('sync', '--confirm', '1a2b3c4d')).code).toBe(0);
    test.expect((await run('freeze', '--why', 'incident')).code).toBe(0);
    test.expect((await run('unfreeze', '--egg', 'my-app')).code).toBe(0);
    test.expect(api.requests.map(({ line, body }) => [line, body])).toEqual([
      ['POST /sync', { confirm: '1a2b3c4d' }],
      ['PUT /freeze', { why: 'incident' }],
      ['DELETE /freeze/my-app', undefined],
    ]);
  });

  it('never prompts without a terminal: exits with 64 and names the flag', async (test) => {
    const { run } = await anApi(test);

    const { code, stderr } = await run('freeze');

    test.expect(code).toBe(64);
    test.expect(stderr).toContain('--why TEXT');
  });
});

describe.concurrent('the address of MotherGoose', { timeout: 90_000 }, () => {
  const list = ['list', 'eggs'];

  it('is found in the environment, in the profile, or beside the embedded instance', async (test) => {
    const { api } = await anApi(test);
    const home = await aDirectory();
    test.onTestFinished(home.remove);
    const file = async (name: string, text: string) => {
      await mkdir(path.dirname(path.join(home.path, name)), { recursive: true });
      await writeFile(path.join(home.path, name), text);
    };

    const nowhere = await runCli(list, { cwd: home.path });
    await file('.gosling/url', `${api.url}\n`);
    await file('.gosling/cli-token', 'token-of-the-data-dir');
    await runCli(list, { cwd: home.path });
    await file(
      '.config/gosling/config.json',
      JSON.stringify({ url: api.url, token: 'token-of-the-profile' }),
    );
    await runCli(list, { cwd: home.path });
    await file('t', 'token-of-the-file\n');
    await runCli(list, { cwd: home.path, env: { GOSLING_TOKEN_FILE: 't' } });

    test.expect(nowhere.code).toBe(1);
    test.expect(nowhere.stderr).toContain('gosling up');
    test
      .expect(api.requests.map((request) => request.token))
      .toEqual(['token-of-the-data-dir', 'token-of-the-profile', 'token-of-the-file']);
  });

  it('gets no token that was written for another address', async (test) => {
    const { api } = await anApi(test);
    const home = await aDirectory();
    test.onTestFinished(home.remove);
    await mkdir(path.join(home.path, '.gosling'));
    await writeFile(path.join(home.path, '.gosling/url'), 'http://127.0.0.1:1');
    await writeFile(path.join(home.path, '.gosling/cli-token'), 'token-of-the-data-dir');

    const { code, stderr } = await runCli(list, { cwd: home.path, env: { GOSLING_URL: api.url } });

    test.expect(code).toBe(4);
    test.expect(stderr).toContain('GOSLING_TOKEN');
    test.expect(api.requests).toEqual([]);
  });

  it('is not asked with --offline', async (test) => {
    const { run, api } = await anApi(test);

    const { code, stderr } = await run('--offline', 'status');

    test.expect(code).toBe(1);
    test.expect(stderr).toContain('--offline');
    test.expect(api.requests).toEqual([]);
  });

  it('is refused over plain HTTP to another machine', async (test) => {
    const env = { GOSLING_URL: 'http://gosling.example', GOSLING_TOKEN: token };

    test.expect((await runCli(list, { env })).stderr).toContain('https://');
  });
});

describe.concurrent('exit codes', { timeout: 90_000 }, () => {
  it.for([
    ['a missing thing', { status: 404, code: 'EGG_MISSING', detail: 'no such Egg' }, 5],
    ['a refused token', { status: 401, code: 'TOKEN_UNKNOWN', detail: 'unknown token' }, 4],
    ['a token with too little right', { status: 403, code: 'TOKEN_ROLE', detail: 'needs write' }, 4],
    ['a conflict', { status: 409, code: 'SYNC_HELD', detail: 'held' }, 6],
    ['a server that fails', { status: 500, code: 'KERNEL_INTERNAL', detail: 'failed inside' }, 1],
    ['a server that is overloaded', { status: 503, code: 'STORE_UNAVAILABLE', detail: 'later' }, 1],
    ['a gateway that timed out', { status: 504, code: 'GATEWAY', detail: 'too slow' }, 7],
  ] as const)('for %s', async ([, answer, code], test) => {
    const { run } = await anApi(test, { 'GET /eggs/my-app': answer });

    const result = await run('get', 'egg', 'my-app');

    test.expect(result.code).toBe(code);
    test.expect(result.stderr).toContain(answer.detail);
    test.expect(result.stdout).toBe('');
  });

  it('for an interruption: 130', async (test) => {
    const home = await aDirectory();
    test.onTestFinished(home.remove);
    const slow = path.join(home.path, 'git');
    await writeFile(slow, '#!/bin/sh\nkill -INT $PPID\nexec sleep 5\n');
    await chmod(slow, 0o755);

    const { code } = await runCli(['init'], { cwd: home.path, env: { PATH: `${home.path}:/usr/bin:/bin` } });

    test.expect(code).toBe(130);
  });
});
