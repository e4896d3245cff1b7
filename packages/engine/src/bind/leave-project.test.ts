import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { Row } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
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

const job = (project: number, status: string) => ({
  serverProject: `gitlab.com#${project}`,
  jobId: 9,
  name: 'build',
  ref: 'main',
  pipelineId: 1,
  tags: ['linux'],
  status,
});

const hookedProjects = () => [...plane.model.hooks.values()].map(({ projectId }) => projectId);

async function put(table: 'runners' | 'egg_members', row: Row) {
  await plane.deps.store.commit([{ kind: 'put', table, row, when: { kind: 'any' } }], direct);
}

describe('an Egg that names another project than before', () => {
  it('takes its webhook and rows off the earlier one', async () => {
    await install(plane, nestOf({ app: { project: 1 } }));
    await install(plane, nestOf({ app: { project: 2 } }));

    expect(hookedProjects()).toEqual([2]);
    for (const table of ['bindings', 'projects', 'webhook_tokens'] as const) {
      expect(await plane.recording.rows(table)).toMatchObject([{ server_project: 'gitlab.com#2' }]);
    }
  });

  it.each(['pending', 'running'])('has no demand left by a %s job of the earlier one', async (status) => {
    await install(plane, nestOf({ app: { project: 1 } }));
    await applyJob(plane.deps, job(1, 'pending'), direct);
    await applyJob(plane.deps, job(1, status), direct);
    await install(plane, nestOf({ app: { project: 2 } }));

    expect(await plane.recording.rows('egg_members')).toEqual([]);
    const [row] = await plane.recording.rows('ci_jobs');
    expect(row).not.toHaveProperty('open');
    expect(row).toHaveProperty('expires_at');
  });

  it('leaves webhook and jobs to the Egg that stays on it', async () => {
    await install(plane, nestOf({ app: {}, zoo: { tags: ['linux', 'x'] } }));
    await applyJob(plane.deps, job(1, 'pending'), direct);
    await install(plane, nestOf({ app: { project: 2 }, zoo: { tags: ['linux', 'x'] } }));

    expect(await plane.recording.rows('ci_jobs')).toMatchObject([{ egg_name: 'zoo', open: 'zoo' }]);
    expect(await plane.recording.rows('egg_members')).toMatchObject([{ egg_name: 'zoo' }]);
    const projects = await plane.recording.rows('projects');
    expect(projects.map((row) => [row['server_project'], row['hook_owner']])).toEqual([
      ['gitlab.com#1', 'zoo'],
      ['gitlab.com#2', 'app'],
    ]);
    const tokens = await plane.recording.rows('webhook_tokens');
    const earlier = tokens.find(
      (row) => row['egg_name'] === 'app' && row['server_project'] === 'gitlab.com#1',
    );
    expect(earlier).toHaveProperty('until');
  });

  it('is bound to the new one also where its token may do nothing more on the earlier one', async () => {
    const error = gitlabErrors.forbidden({ server: 'gitlab.com', what: 'remove it' });
    await aPlane({
      wrap: (deps) => ({
        ...deps,
        gitlab: {
          ...deps.gitlab,
          hooks: withFaults(deps.gitlab.hooks, (method) =>
            method === 'remove' ? { error, when: 'before' } : undefined,
          ),
          runners: withFaults(deps.gitlab.runners, (method) =>
            method === 'remove' ? { error, when: 'before' } : undefined,
          ),
        },
      }),
    });
    await install(plane, nestOf({ app: { project: 1 } }));
    await install(plane, nestOf({ app: { project: 2 } }));

    expect(hookedProjects()).toEqual([1, 2]);
    expect(await plane.recording.rows('bindings')).toMatchObject([{ server_project: 'gitlab.com#2' }]);
  });

  it('gives its earlier registration back once no runner carries it', async () => {
    await install(plane, nestOf({ app: { project: 1 } }));
    const runner = {
      id: 'r1',
      egg_name: 'app',
      registration_id: 'app#gitlab.com#project#1',
      type: 'vm',
      state: 'idle',
      state_since: 0,
      pool: 'apex',
      cloud_provider: 'local',
      region: '',
      deployed_from_commit: 'c',
      config_hash: 'h',
      machine_hash: 'h',
      deployment_id: 'd',
      system_id: 's',
      entry: new Uint8Array(),
      shard: 0,
      address: 'module.r1',
      launch_key: 'k',
      desired: 'run',
      created_at: 0,
      failure_count: 0,
      made: true,
      spot: false,
      strikes: 0,
    };
    await put('runners', runner);
    await put('egg_members', { egg_name: 'app', item: 'runner#r1', state: 'idle' });
    await install(plane, nestOf({ app: { project: 2 } }));
    expect(plane.model.registrations.size).toBe(2);

    await plane.deps.store.commit(
      [
        {
          kind: 'delete',
          key: { table: 'egg_members', partition: 'app', sort: 'runner#r1' },
          when: { kind: 'any' },
        },
      ],
      direct,
    );
    await bindEgg(plane.deps, 'app', direct);

    expect([...plane.model.registrations.values()].map(({ spec }) => spec.scopeId)).toEqual([2]);
    expect(await plane.recording.rows('registrations')).toMatchObject([{ scope_id: 2 }]);
  });
});

describe('an Egg of several registrations', () => {
  const inGroup = (more: string) => {
    const [text = ''] = Object.values(nestOf({ app: {} }));
    return { 'Eggs/app/config.fly': text.replace('project_id = 1', more) };
  };

  it('never writes the token of one over that of another', async () => {
    plane.model.groups.set(7, [1]);
    await install(plane, inGroup('group_id = 7'));
    const [group] = await plane.recording.rows('registrations');
    await install(plane, nestOf({ app: { project: 2 } }));

    const refs = (await plane.recording.rows('registrations')).map((row) => row['token_ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(group?.['token_ref']).toBe('gitlab/gitlab.com/app/runner-token');
  });
});

describe('an Egg that has moved to another server', () => {
  it('touches no runner there by the number that one has on the earlier server', async () => {
    await install(plane, nestOf({ app: {} }));
    const [text = ''] = Object.values(nestOf({ app: { project: 2 } }));
    const moved = text.replace('gitlab {', 'gitlab {\n    server = "gitlab.example.com"');
    const fallback = await plane.deps.secrets.read('gitlab/gitlab.com/default/api-token', direct);
    if (fallback)
      await plane.deps.secrets.write('gitlab/gitlab.example.com/default/api-token', fallback, direct);
    await install(plane, { 'Eggs/app/config.fly': moved });

    expect(plane.gitlab.calls.filter((call) => call.startsWith('runners.remove'))).toEqual([]);
    expect(await plane.recording.rows('registrations')).toMatchObject([{ server: 'gitlab.example.com' }]);
  });
});

describe('bindEgg, repeated', () => {
  it('sweeps a project only where something has changed', async () => {
    await install(plane, nestOf({ app: {} }));
    const sweeps = async () =>
      (await plane.recording.rows('outbox')).filter(({ merge_key }) => merge_key === 'sweep gitlab.com#1');
    expect(await sweeps()).toHaveLength(1);
    const key = { table: 'projects', partition: 'gitlab.com#1' } as const;
    const set = { last_swept_at: plane.clock.now() };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);

    await bindEgg(plane.deps, 'app', direct);
    expect(await sweeps()).toHaveLength(1);
    await install(plane, nestOf({ app: { tags: ['linux', 'new'] } }));
    expect(await sweeps()).toHaveLength(2);
  });
});
