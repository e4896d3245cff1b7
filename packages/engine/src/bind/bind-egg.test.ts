import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { withFaults } from '../testing/with-faults.ts';
import { bindEgg } from './bind-egg.ts';

let plane: ControlPlane;

async function aPlane(over: Partial<ControlPlaneOptions> = {}) {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), ...over });
  plane.model.projects.set(1, 'group/app').set(2, 'group/two').set(3, 'group/three');
}

beforeEach(() => aPlane());

const calls = (prefix: string) => plane.gitlab.calls.filter((call) => call.startsWith(prefix));

async function hookOwner() {
  return (await plane.recording.rows('projects'))[0]?.['hook_owner'];
}

async function bindLater(egg: string) {
  await plane.clock.advance(5 * 60_000);
  await bindEgg(plane.deps, egg, direct);
}

describe('bindEgg', () => {
  it('registers once, binds, and makes one webhook whose token is known before it', async () => {
    let tokensAtCreate = 0;
    const wrap: ControlPlaneOptions['wrap'] = (deps) => {
      const create: typeof deps.gitlab.hooks.create = async (target, at, options) => {
        tokensAtCreate = (await plane.recording.rows('webhook_tokens')).length;
        return deps.gitlab.hooks.create(target, at, options);
      };
      return { ...deps, gitlab: { ...deps.gitlab, hooks: { ...deps.gitlab.hooks, create } } };
    };
    await aPlane({ wrap });
    await install(plane, nestOf({ app: {} }));

    expect(tokensAtCreate).toBe(1);
    expect(await plane.recording.rows('registrations')).toMatchObject([
      { id: 'app#gitlab.com#project#1', state: 'active' },
    ]);
    expect(await plane.recording.rows('bindings')).toMatchObject([
      { server_project: 'gitlab.com#1', egg_name: 'app', tags: ['linux'] },
    ]);
    expect(await plane.recording.rows('projects')).toMatchObject([
      { hook_owner: 'app', hook_id: expect.any(Number) },
    ]);
    const tables = await Promise.all(
      (['registrations', 'projects', 'webhook_tokens'] as const).map(plane.recording.rows),
    );
    const [hook] = plane.model.hooks.values();
    expect(JSON.stringify(tables)).not.toContain(hook?.spec.token.reveal());
    expect(JSON.stringify(tables)).not.toContain('glrt-');
  });

  it('leaves one registration when the answer of its making is lost', async () => {
    let isLost = true;
    const error = gitlabErrors.unreachable({ server: 'gitlab.com', reason: 'reset' });
    await aPlane({
      wrap: (deps) => ({
        ...deps,
        gitlab: {
          ...deps.gitlab,
          runners: withFaults(deps.gitlab.runners, (method) => {
            if (method !== 'create' || !isLost) return undefined;
            isLost = false;
            return { error, when: 'after' };
          }),
        },
      }),
    });
    plane.git.commit(nestOf({ app: {} }));
    await syncNest(plane.deps, direct);

    await expect(bindEgg(plane.deps, 'app', direct)).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    const shown = await plane.recording.rows('egg_state');
    await bindEgg(plane.deps, 'app', direct);

    expect(shown).toMatchObject([{ problems: { gitlab: { code: 'GITLAB_UNREACHABLE' } } }]);
    expect((await plane.recording.rows('egg_state'))[0]?.['problems']).toEqual({});
    expect(calls('runners.create')).toHaveLength(2);
    expect(plane.model.registrations.size).toBe(1);
  });

  it('adopts the webhook whose answer was lost', async () => {
    let isLost = true;
    const error = gitlabErrors.unreachable({ server: 'gitlab.com', reason: 'reset' });
    await aPlane({
      wrap: (deps) => ({
        ...deps,
        gitlab: {
          ...deps.gitlab,
          hooks: withFaults(deps.gitlab.hooks, (method) => {
            if (method !== 'create' || !isLost) return undefined;
            isLost = false;
            return { error, when: 'after' };
          }),
        },
      }),
    });
    plane.git.commit(nestOf({ app: {} }));
    await syncNest(plane.deps, direct);
    await expect(bindEgg(plane.deps, 'app', direct)).rejects.toThrow();
    await bindEgg(plane.deps, 'app', direct);

    expect(plane.model.hooks.size).toBe(1);
    expect(await hookOwner()).toBe('app');
  });

  it('looks at a webhook, and changes it only where it differs', async () => {
    await install(plane, nestOf({ app: {} }));
    await bindEgg(plane.deps, 'app', direct);
    expect(calls('hooks.list')).toHaveLength(1);

    await bindLater('app');
    expect(calls('hooks.list')).toHaveLength(2);
    expect(calls('hooks.update')).toEqual([]);

    for (const hook of plane.model.hooks.values()) hook.alertStatus = 'disabled';
    await bindLater('app');
    expect(calls('hooks.update')).toHaveLength(1);
    expect(calls('hooks.test')).toHaveLength(1);

    for (const hook of plane.model.hooks.values()) hook.spec = { ...hook.spec, url: 'https://elsewhere' };
    await bindLater('app');
    expect([...plane.model.hooks.values()].map(({ spec }) => spec.url)).toEqual([
      'https://goose.example.com/webhooks/gitlab',
    ]);

    plane.model.hooks.clear();
    await bindLater('app');
    expect(plane.model.hooks.size).toBe(1);
  });

  it('gives the webhook of a shared project the token of the first Egg by name', async () => {
    await install(plane, nestOf({ beta: {}, gamma: { tags: ['x'] } }));
    expect(await hookOwner()).toBe('beta');
    const [before] = [...plane.model.hooks.values()].map(({ spec }) => spec.token.reveal());

    await install(plane, nestOf({ alpha: { tags: ['y'] }, beta: {}, gamma: { tags: ['x'] } }));

    expect(await hookOwner()).toBe('alpha');
    expect(plane.model.hooks.size).toBe(1);
    expect([...plane.model.hooks.values()].map(({ spec }) => spec.token.reveal())).not.toEqual([before]);
  });

  it('makes no webhook where GitLab cannot reach us', async () => {
    await aPlane({ settings: { publicUrl: undefined } });
    await install(plane, nestOf({ app: {} }));

    expect(plane.model.hooks.size).toBe(0);
    expect((await plane.recording.rows('projects'))[0]).not.toHaveProperty('hook_id');
    expect(await plane.recording.rows('webhook_tokens')).toEqual([]);
  });

  it('changes a registration in place, and makes it anew where somebody deleted it', async () => {
    await install(plane, nestOf({ app: {} }));
    await install(plane, nestOf({ app: { tags: ['linux', 'new'] } }));
    expect(calls('runners.update')).toHaveLength(1);
    expect([...plane.model.registrations.values()][0]?.spec.tags).toEqual(['linux', 'new']);

    plane.model.registrations.clear();
    await install(plane, nestOf({ app: { tags: ['linux'] } }));
    expect(plane.model.registrations.size).toBe(1);
  });

  it('says what is missing: a project, an API token', async () => {
    plane.git.commit(nestOf({ app: { project: 77 } }));
    await syncNest(plane.deps, direct);
    await expect(bindEgg(plane.deps, 'app', direct)).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });

    await plane.deps.secrets.remove('gitlab/gitlab.com/default/api-token', direct);
    await expect(bindEgg(plane.deps, 'app', direct)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('gosling secret put gitlab/gitlab.com/app/api-token'),
    });
  });

  it('binds every project of a group through one registration', async () => {
    plane.model.groups.set(7, [1, 2]);
    const group = nestOf({ app: {} });
    const text = (group['Eggs/app/config.fly'] ?? '').replace('project_id = 1', 'group_id = 7');
    await install(plane, { 'Eggs/app/config.fly': text });

    expect(
      (await plane.recording.rows('bindings')).map((row) => [row['server_project'], row['via']]),
    ).toEqual([
      ['gitlab.com#1', 'group'],
      ['gitlab.com#2', 'group'],
    ]);
    expect(plane.model.registrations.size).toBe(1);
    plane.model.groups.set(7, [2]);
    await bindEgg(plane.deps, 'app', direct);
    expect(await plane.recording.rows('bindings')).toMatchObject([{ server_project: 'gitlab.com#2' }]);
  });
});

describe('a removed Egg', () => {
  const bye = async (files: Readonly<Record<string, string>>, egg = 'app') => {
    const commit = plane.git.commit(files);
    await plane
      .engine()
      .commands.sync({ tokenId: 't', name: 'me', role: 'admin' }, { confirm: commit }, direct);
    await syncNest(plane.deps, direct);
    return bindEgg(plane.deps, egg, direct);
  };

  it('takes everything along that GitLab, the store and the secrets have of it', async () => {
    await install(plane, nestOf({ app: {}, other: { project: 2 } }));

    expect(await bye(nestOf({ other: { project: 2 } }))).toBe('done');

    expect([...plane.model.hooks.values()].map(({ projectId }) => projectId)).toEqual([2]);
    expect(plane.model.registrations.size).toBe(1);
    for (const table of ['bindings', 'projects', 'webhook_tokens', 'registrations', 'egg_configs'] as const) {
      expect(
        JSON.stringify((await plane.recording.rows(table)).filter(({ kind }) => kind !== 'nest')),
      ).not.toContain('"app');
    }
    expect(await plane.deps.secrets.list('gitlab/gitlab.com/app/', direct)).toEqual([]);
    expect(await bindEgg(plane.deps, 'app', direct)).toBe('done');
  });

  it('hands its webhook over before it goes', async () => {
    await install(plane, nestOf({ app: {}, zoo: { tags: ['x'] } }));

    expect(await bye(nestOf({ zoo: { tags: ['x'] } }))).toBe('busy');
    await bindEgg(plane.deps, 'zoo', direct);
    expect(await hookOwner()).toBe('zoo');
    expect(await bindEgg(plane.deps, 'app', direct)).toBe('done');
    expect(plane.model.hooks.size).toBe(1);
  });

  it('waits for its runners and for a run, and leaves its jobs to the others', async () => {
    await install(plane, nestOf({ app: {}, zoo: { tags: ['linux', 'x'] } }));
    const put = (item: string) =>
      plane.deps.store.commit(
        [
          {
            kind: 'update',
            key: { table: 'egg_members', partition: 'app', sort: item },
            set: { state: 'x' },
            when: { kind: 'any' },
          },
        ],
        direct,
      );
    const drop = (item: string) =>
      plane.deps.store.commit(
        [
          {
            kind: 'delete',
            key: { table: 'egg_members', partition: 'app', sort: item },
            when: { kind: 'any' },
          },
        ],
        direct,
      );
    const { applyJob } = await import('../demand/apply-job.ts');
    const job = {
      serverProject: 'gitlab.com#1',
      jobId: 1,
      name: 'b',
      ref: 'm',
      pipelineId: 1,
      tags: ['linux'],
    };
    await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
    await put('runner#r');
    await put('run#0#1');

    expect(await bye(nestOf({ zoo: { tags: ['linux', 'x'] } }))).toBe('done');
    await drop('runner#r');
    expect(await bindEgg(plane.deps, 'app', direct)).toBe('busy');
    await drop('run#0#1');
    expect(await bindEgg(plane.deps, 'app', direct)).toBe('busy');
    await bindEgg(plane.deps, 'zoo', direct);
    expect(await bindEgg(plane.deps, 'app', direct)).toBe('done');

    expect(await plane.recording.rows('ci_jobs')).toMatchObject([{ egg_name: 'zoo', open: 'zoo' }]);
    expect(await plane.recording.rows('egg_members')).toMatchObject([{ egg_name: 'zoo' }]);
  });
});
