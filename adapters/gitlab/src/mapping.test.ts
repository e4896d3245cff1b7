import { readFileSync } from 'node:fs';
import { Secret, silentLogger } from '@polar-gosling/kernel';
import type { HookSpec, RunnerSpec } from '@polar-gosling/ports/gitlab';
import { createSeededIds } from '@polar-gosling/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createGitlab } from './gitlab.ts';
import { type LocalGitlab, type Reply, sendJson, startLocalGitlab } from './testing/local-gitlab.ts';
import { createQuickClock } from './testing/quick-clock.ts';

const options = { signal: new AbortController().signal };
const open: (() => PromiseLike<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function aGitlab(reply: Reply) {
  const server: LocalGitlab = await startLocalGitlab(reply);
  const clock = createQuickClock();
  const ids = createSeededIds(1, clock);
  const gitlab = createGitlab({ clock, ids, logger: silentLogger, allowPrivate: true, userAgent: 'test' });
  open.push(gitlab.close, () => server[Symbol.asyncDispose]());
  return { ...gitlab, requests: server.requests, target: { url: server.url, token: new Secret('glpat-x') } };
}

function payload(name: string): unknown {
  const file = new URL(`../../../packages/gitlab-sim/testdata/payloads/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const runner: RunnerSpec = {
  scope: 'project',
  scopeId: 7,
  description: 'big',
  tags: ['linux'],
  runUntagged: false,
  protected: true,
  locked: true,
  maintenanceNote: 'polar-gosling/big',
};
const hook: HookSpec = {
  url: 'https://goose.example/webhooks/gitlab',
  token: new Secret('hook-secret'),
  signingToken: new Secret('whsec_x'),
  sslVerification: true,
  name: 'polar-gosling',
};

describe('the reader', () => {
  it('reads the job GitLab documents', async () => {
    const { reader, target, requests } = await aGitlab((_seen, response) =>
      sendJson(response, payload('api_job_get')),
    );

    const job = await reader.job(target, { projectId: 1, jobId: 7 }, options);

    expect(requests[0]?.url).toBe('/api/v4/projects/1/jobs/7');
    expect(job).toEqual({
      id: 7,
      name: 'teaspoon',
      status: 'failed',
      tags: ['docker runner', 'ubuntu18'],
      ref: 'main',
      pipelineId: 6,
      createdAt: Date.parse('2015-12-24T15:51:21.802Z'),
      startedAt: Date.parse('2015-12-24T17:54:27.722Z'),
      finishedAt: Date.parse('2015-12-24T17:54:27.895Z'),
      queuedDurationS: 0.01,
      runnerId: 32,
      systemId: 's_89e5e9956577',
      failureReason: 'script_failure',
      webUrl: 'https://example.com/foo/bar/-/jobs/7',
    });
  });

  it('leaves out what a waiting job does not have yet', async () => {
    const { reader, target } = await aGitlab((_seen, response) =>
      sendJson(response, {
        ...{ id: 1, name: 'a', status: 'pending', ref: 'main', pipeline: { id: 2 }, runner: null },
        ...{ created_at: '2021-02-23 02:41:37 UTC', started_at: null, queued_duration: null, tag_list: null },
      }),
    );

    await expect(reader.job(target, { projectId: 1, jobId: 1 }, options)).resolves.toEqual({
      ...{ id: 1, name: 'a', status: 'pending', tags: [], ref: 'main', pipelineId: 2 },
      createdAt: Date.UTC(2021, 1, 23, 2, 41, 37),
    });
  });

  it('asks for pending and running jobs, newest first, by cursor', async () => {
    const { reader, target, requests } = await aGitlab((_seen, response) => sendJson(response, []));

    await reader.openJobs(target, 7, options);

    expect(requests[0]?.url).toBe(
      '/api/v4/projects/7/jobs?scope%5B%5D=pending&scope%5B%5D=running&pagination=keyset&order_by=id&sort=desc&per_page=100',
    );
  });

  it('says of a missing project, group and job that they are not there', async () => {
    const { reader, target } = await aGitlab((_seen, response) => sendJson(response, {}, { status: 404 }));

    await expect(reader.project(target, 1, options)).resolves.toBeUndefined();
    await expect(reader.groupProjects(target, 1, options)).resolves.toBeUndefined();
    await expect(reader.openJobs(target, 1, options)).resolves.toBeUndefined();
    await expect(reader.job(target, { projectId: 1, jobId: 1 }, options)).resolves.toBeUndefined();
    await expect(reader.tokenSelf(target, options)).resolves.toBeUndefined();
  });

  it('reads what the token is, and takes a refusal for "cannot say"', async () => {
    const { reader, target } = await aGitlab((_seen, response) =>
      sendJson(response, { scopes: ['api'], expires_at: '2026-03-01' }),
    );
    const silent = await aGitlab((_seen, response) =>
      sendJson(response, { error: 'insufficient_scope' }, { status: 403 }),
    );

    await expect(reader.tokenSelf(target, options)).resolves.toEqual({
      scopes: ['api'],
      expiresAt: Date.UTC(2026, 2, 1),
    });
    await expect(silent.reader.tokenSelf(silent.target, options)).resolves.toBeUndefined();
  });
});

describe('webhooks', () => {
  it('sends every secret again when a hook is changed', async () => {
    const { hooks, target, requests } = await aGitlab((_seen, response) =>
      sendJson(response, payload('api_project_hook_get')),
    );

    const changed = await hooks.update(target, { projectId: 3, hookId: 1, spec: hook }, options);

    expect(changed).toEqual({
      id: 1,
      url: 'http://example.com/hook',
      alertStatus: 'executable',
      hasToken: false,
      hasSigningToken: false,
    });
    expect(requests[0]).toMatchObject({ method: 'PUT', url: '/api/v4/projects/3/hooks/1' });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      url: hook.url,
      token: 'hook-secret',
      signing_token: 'whsec_x',
      job_events: true,
      push_events: true,
      tag_push_events: false,
    });
  });

  it('says that a hook to change is missing, and finds nothing wrong in removing it', async () => {
    const { hooks, target } = await aGitlab((_seen, response) => sendJson(response, {}, { status: 404 }));
    const at = { projectId: 3, hookId: 1 };

    await expect(hooks.update(target, { ...at, spec: hook }, options)).resolves.toBe('missing');
    await expect(hooks.remove(target, at, options)).resolves.toBeUndefined();
    await expect(hooks.list(target, 3, options)).resolves.toBeUndefined();
    await expect(hooks.test(target, { ...at, event: 'job_events' }, options)).rejects.toMatchObject({
      code: 'GITLAB_NOT_FOUND',
    });
  });
});

describe('runners', () => {
  it('makes a project runner and keeps its token secret', async () => {
    const { runners, target, requests } = await aGitlab((_seen, response) =>
      sendJson(response, { id: 3, token: 'glrt-abc', token_expires_at: null }, { status: 201 }),
    );

    const made = await runners.create(target, runner, options);

    expect(made.id).toBe(3);
    expect(made.token.reveal()).toBe('glrt-abc');
    expect(JSON.stringify(made)).not.toContain('glrt');
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      runner_type: 'project_type',
      project_id: 7,
      description: 'big',
      tag_list: ['linux'],
      run_untagged: false,
      access_level: 'ref_protected',
      locked: true,
      maintenance_note: 'polar-gosling/big',
      paused: false,
    });
  });

  it('finds runners by their note, past those that are gone or not ours', async () => {
    const { runners, target } = await aGitlab(({ url }, response) => {
      if (url.startsWith('/api/v4/projects/7/runners')) {
        sendJson(response, [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
      } else if (url.startsWith('/api/v4/runners/1?')) {
        sendJson(response, { id: 1, maintenance_note: 'ours' });
      } else if (url.startsWith('/api/v4/runners/2?')) {
        sendJson(response, {}, { status: 404 });
      } else if (url.startsWith('/api/v4/runners/3?')) {
        sendJson(response, {}, { status: 403 });
      } else sendJson(response, { id: 4, maintenance_note: null });
    });

    const found = runners.findByNote(target, { scope: 'project', scopeId: 7, note: 'ours' }, options);

    await expect(found).resolves.toEqual([1]);
  });

  it('finds nothing wrong in enabling a runner that is enabled', async () => {
    const { runners, target } = await aGitlab(({ method }, response) =>
      method === 'POST'
        ? sendJson(response, { message: { runner_id: ['taken'] } }, { status: 400 })
        : sendJson(response, { id: 3, projects: [{ id: 7 }] }),
    );

    await expect(runners.enable(target, { id: 3, projectId: 7 }, options)).resolves.toBeUndefined();
    await expect(runners.enable(target, { id: 3, projectId: 8 }, options)).rejects.toMatchObject({
      code: 'GITLAB_REFUSED',
    });
  });

  it('takes a time limit away that an earlier spec set', async () => {
    const { runners, target, requests } = await aGitlab((_seen, response) => sendJson(response, { id: 3 }));

    await runners.update(target, { id: 3, spec: runner }, options);

    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ maximum_timeout: null });
  });

  it('reads the managers GitLab documents', async () => {
    const { runners, target } = await aGitlab((_seen, response) =>
      sendJson(response, payload('api_runner_managers')),
    );

    const managers = await runners.managers(target, 1, options);

    expect(managers?.[0]).toEqual({
      systemId: 's_89e5e9956577',
      contactedAt: Date.parse('2024-06-09T06:30:09.355Z'),
      status: 'offline',
      jobExecutionStatus: 'idle',
    });
    expect(managers).toHaveLength(2);
  });

  it('says what is missing, and finds nothing wrong in removing it', async () => {
    const { runners, target } = await aGitlab((_seen, response) => sendJson(response, {}, { status: 404 }));

    await expect(runners.update(target, { id: 3, spec: runner }, options)).resolves.toBe('missing');
    await expect(runners.remove(target, 3, options)).resolves.toBeUndefined();
    await expect(runners.managers(target, 3, options)).resolves.toBeUndefined();
    await expect(runners.create(target, runner, options)).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });
    await expect(
      runners.findByNote(target, { scope: 'group', scopeId: 7, note: 'x' }, options),
    ).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });
  });
});
