import { createGitlabSim } from '@polar-gosling/gitlab-sim';
import { Secret, silentLogger } from '@polar-gosling/kernel';
import { createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitlab, type Gitlab } from './gitlab.ts';
import { createQuickClock, type QuickClock } from './testing/quick-clock.ts';

const options = { signal: new AbortController().signal };
const ciYaml = 'build:\n  tags: [linux, big]\n  script: [make]\n';

describe('against the simulated GitLab', () => {
  let sim: ReturnType<typeof createGitlabSim>;
  let gitlab: Gitlab;
  let clock: QuickClock;
  let target: { url: string; token: Secret };
  let projectId: number;

  beforeEach(async () => {
    sim = createGitlabSim();
    const { url } = await sim.listen();
    sim.addUser({ username: 'goose' });
    const { id } = sim.addProject({ path: 'flock/eggs', ciYaml, members: { goose: 'owner' } });
    projectId = id;
    target = { url, token: new Secret(sim.addToken({ user: 'goose', scopes: ['api'] })) };
    clock = createQuickClock();
    const ids = createSeededIds(1, clock);
    gitlab = createGitlab({ clock, ids, logger: silentLogger, allowPrivate: true, userAgent: 'test' });
  });

  afterEach(async () => {
    expect(sim.violations).toEqual([]);
    await gitlab.close();
    await sim.close();
  });

  const hook = {
    url: 'http://127.0.0.1:9/webhooks/gitlab',
    token: new Secret('hook-secret-of-some-length'),
    signingToken: new Secret(`whsec_${Buffer.alloc(32, 7).toString('base64')}`),
    sslVerification: true,
    name: 'polar-gosling',
  };
  const runner = () => ({
    scope: 'project' as const,
    scopeId: projectId,
    description: 'big',
    tags: ['linux', 'big'],
    runUntagged: false,
    protected: false,
    locked: true,
    maximumTimeoutS: 3600,
    maintenanceNote: 'polar-gosling/big',
  });

  it('reads version, token, project, group and jobs', async () => {
    const { reader } = gitlab;
    const { id: pipelineId } = sim.runPipeline(projectId);
    const [job] = sim.jobs(projectId);

    await expect(reader.metadata(target, options)).resolves.toEqual({ version: '19.4.1' });
    await expect(reader.tokenSelf(target, options)).resolves.toMatchObject({ scopes: ['api'] });
    const project = { id: projectId, pathWithNamespace: 'flock/eggs', defaultBranch: 'main' };
    await expect(reader.project(target, 'flock/eggs', options)).resolves.toEqual(project);
    await expect(reader.project(target, projectId, options)).resolves.toEqual(project);
    const jobs = await reader.openJobs(target, projectId, options);
    expect(jobs).toMatchObject([{ id: job?.id, status: 'pending', tags: ['linux', 'big'], pipelineId }]);
    await expect(reader.job(target, { projectId, jobId: job?.id ?? 0 }, options)).resolves.toMatchObject({
      name: 'build',
    });
  });

  it('lists the projects of a group and its subgroups over many pages', async () => {
    const { id: groupId } = sim.addGroup({ path: 'many', members: { goose: 'owner' } });
    for (let count = 0; count < 205; count++) sim.addProject({ path: `many/sub/project-${count}` });

    const projects = await gitlab.reader.groupProjects(target, groupId, options);

    expect(new Set(projects?.map(({ pathWithNamespace }) => pathWithNamespace)).size).toBe(205);
    await expect(gitlab.reader.groupProjects(target, 999, options)).resolves.toBeUndefined();
  });

  it('lists more open jobs than fit on a page, each once', async () => {
    for (let count = 0; count < 230; count++) sim.runPipeline(projectId);

    const jobs = await gitlab.reader.openJobs(target, projectId, options);

    expect(jobs?.map(({ id }) => id)).toEqual(
      sim
        .jobs(projectId)
        .map(({ id }) => id)
        .toSorted((a, b) => b - a),
    );
  });

  it('makes, lists, changes, and removes a webhook', async () => {
    const { hooks } = gitlab;

    const made = await hooks.create(target, { projectId, spec: hook }, options);
    expect(made).toMatchObject({ url: hook.url, hasToken: true, hasSigningToken: true });
    const at = { projectId, hookId: made.id };
    const changed = await hooks.update(target, { ...at, spec: { ...hook, name: 'other' } }, options);
    expect(changed).toMatchObject({ hasToken: true, hasSigningToken: true });
    await expect(hooks.list(target, projectId, options)).resolves.toHaveLength(1);
    await hooks.remove(target, at, options);
    await hooks.remove(target, at, options);

    await expect(hooks.list(target, projectId, options)).resolves.toEqual([]);
    await expect(hooks.update(target, { ...at, spec: hook }, options)).resolves.toBe('missing');
  });

  it('makes, finds, changes, enables, and removes a runner', async () => {
    const { runners } = gitlab;
    const second = sim.addProject({ path: 'flock/more', members: { goose: 'owner' } });

    const made = await runners.create(target, { ...runner(), locked: false }, options);
    expect(made.token.reveal()).toMatch(/^glrt-/);
    const at = { scope: 'project' as const, scopeId: projectId, note: 'polar-gosling/big' };
    await expect(runners.findByNote(target, at, options)).resolves.toEqual([made.id]);
    await expect(runners.findByNote(target, { ...at, note: 'other' }, options)).resolves.toEqual([]);
    const spec = { ...runner(), locked: false, tags: ['arm'] };
    await expect(runners.update(target, { id: made.id, spec }, options)).resolves.toBe('ok');
    expect(sim.runners()[0]?.tags).toEqual(['arm']);
    await runners.enable(target, { id: made.id, projectId: second.id }, options);
    await runners.enable(target, { id: made.id, projectId: second.id }, options);
    await expect(runners.managers(target, made.id, options)).resolves.toEqual([]);
    expect([...(sim.runners()[0]?.projectIds ?? [])]).toEqual([projectId, second.id]);
  });

  it('removes a runner twice without complaint', async () => {
    const { runners } = gitlab;
    const made = await runners.create(target, runner(), options);

    await runners.remove(target, made.id, options);
    await runners.remove(target, made.id, options);

    expect(sim.runners()).toEqual([]);
    await expect(runners.managers(target, made.id, options)).resolves.toBeUndefined();
  });

  it('makes one hook although the first answer is lost, when it lists before it makes again', async () => {
    const { hooks } = gitlab;
    sim.faults.addApiFault({ method: 'POST', path: /hooks$/, isCutOff: true, isCarriedOut: true, times: 1 });

    const lost = hooks.create(target, { projectId, spec: hook }, options);
    await expect(lost).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });

    const found = await hooks.list(target, projectId, options);
    expect(found).toMatchObject([{ url: hook.url }]);
  });

  it('reads through two bad answers', async () => {
    sim.faults.addApiFault({ method: 'GET', path: /metadata/, status: 502, times: 2 });

    await expect(gitlab.reader.metadata(target, options)).resolves.toEqual({ version: '19.4.1' });
    expect(clock.slept).toHaveLength(2);
  });

  it('says that a token is not accepted, and that a role is too low', async () => {
    sim.addUser({ username: 'gosling' });
    const { id } = sim.addProject({ path: 'flock/low', members: { gosling: 'developer' } });
    const low = { ...target, token: new Secret(sim.addToken({ user: 'gosling', scopes: ['api'] })) };

    const wrong = gitlab.reader.metadata({ ...target, token: new Secret('glpat-wrong') }, options);
    await expect(wrong).rejects.toMatchObject({ code: 'GITLAB_UNAUTHORIZED' });
    const forbidden = gitlab.hooks.create(low, { projectId: id, spec: hook }, options);
    await expect(forbidden).rejects.toMatchObject({ code: 'GITLAB_FORBIDDEN' });
  });
});
