import { outboxWrite } from '@polar-gosling/ports/queue';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import type { Caller } from './caller.ts';

let plane: ControlPlane;
const admin: Caller = { tokenId: 'a', name: 'admin', role: 'admin' };
const limited: Caller = { tokenId: 'l', name: 'limited', role: 'write', eggs: ['app'] };
const page = { limit: 10 };
const jobs = { app: 0, lib: 0, lost: 0 };

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app').set(2, 'group/lib');
  plane.git.commit(nestOf({ app: { project: 1 }, lib: { project: 2 } }));
  plane.start();
  await plane.runUntil(() => plane.model.hooks.size === 2, 60_000);
  jobs.app = addJob(plane.model, { projectId: 1, lastsMs: 3_600_000 }).id;
  jobs.lib = addJob(plane.model, { projectId: 2, lastsMs: 3_600_000 }).id;
  jobs.lost = addJob(plane.model, { projectId: 2, tags: ['nobody'] }).id;
  await plane.runUntil(() => plane.model.jobs.get(jobs.lib)?.status === 'running', 5 * 60_000);
  await plane.run(20_000);
  await plane.stop();
});

const runnerOf = async (egg: string) =>
  String((await plane.recording.rows('runners')).find((row) => row['egg_name'] === egg)?.['id']);

describe('queries', () => {
  it('show everything to a caller who is not limited', async () => {
    const { queries } = plane.engine();

    expect((await queries.eggs(admin, page, direct)).items.map(({ name }) => name)).toEqual(['app', 'lib']);
    expect((await queries.runners(admin, page, direct)).items).toHaveLength(2);
    expect((await queries.ciJobs(admin, page, direct)).items).toHaveLength(3);
    expect((await queries.ciJobs(admin, { ...page, state: 'waiting' }, direct)).items).toHaveLength(1);
    expect((await queries.audit(admin, { limit: 100 }, direct)).items.length).toBeGreaterThan(5);
    expect((await queries.syncs(admin, page, direct)).items[0]).toMatchObject({ status: 'success' });
    expect((await queries.selfJobs(admin, page, direct)).items).toEqual([]);
    expect(await queries.egg(admin, 'nest', direct)).toBeUndefined();
  });

  it('hide the data of every other Egg from a caller limited to some', async () => {
    const { queries } = plane.engine();
    const [libPlan] = (await queries.plans(admin, { ...page, egg: 'lib' }, direct))?.items ?? [];
    const [libRun] = (await plane.recording.rows('runs')).filter((row) => row['egg_name'] === 'lib');
    const gone = await Promise.all([
      queries.egg(limited, 'lib', direct),
      queries.eggStatus(limited, 'lib', direct),
      queries.plans(limited, { ...page, egg: 'lib' }, direct),
      queries.plan(limited, { egg: 'lib', id: libPlan?.id ?? '' }, direct),
      queries.plan(limited, { egg: 'app', id: libPlan?.id ?? '' }, direct),
      queries.runner(limited, await runnerOf('lib'), direct),
      queries.why(limited, { server: 'gitlab.com', project: '2', jobId: jobs.lib }, direct),
      queries.runLog(limited, String(libRun?.['id']), direct),
    ]);

    expect(gone).toEqual(gone.map(() => undefined));
    expect((await queries.eggs(limited, page, direct)).items.map(({ name }) => name)).toEqual(['app']);
    expect((await queries.runners(limited, page, direct)).items.map(({ row }) => row.egg_name)).toEqual([
      'app',
    ]);
    expect((await queries.runners(limited, { ...page, egg: 'lib' }, direct)).items).toEqual([]);
    expect((await queries.ciJobs(limited, page, direct)).items.map(({ job_id }) => job_id)).toEqual([
      jobs.app,
    ]);
    expect((await queries.ciJobs(limited, { ...page, egg: '-' }, direct)).items).toEqual([]);
    expect((await queries.ciJobs(limited, { ...page, egg: 'lib' }, direct)).items).toEqual([]);
    const audit = (await queries.audit(limited, { limit: 500 }, direct)).items;
    expect(audit.length).toBeGreaterThan(0);
    expect(JSON.stringify(audit)).not.toContain('"lib"');
  });

  it('page through lists without a gap', async () => {
    const { queries } = plane.engine();
    const first = await queries.ciJobs(admin, { limit: 2 }, direct);
    const rest = await queries.ciJobs(admin, { limit: 2, cursor: first.cursor ?? '' }, direct);
    expect([...first.items, ...rest.items].map(({ job_id }) => job_id).toSorted()).toEqual(
      Object.values(jobs).toSorted(),
    );

    const eggs = await queries.eggs(admin, { limit: 1 }, direct);
    expect((await queries.eggs(admin, { limit: 1, cursor: eggs.cursor ?? '' }, direct)).items).toMatchObject([
      { name: 'lib' },
    ]);
    const runners = await queries.runners(admin, { limit: 1 }, direct);
    const others = await queries.runners(admin, { limit: 1, cursor: runners.cursor ?? '' }, direct);
    expect(others.items[0]?.row.id).not.toBe(runners.items[0]?.row.id);
    expect(others.cursor).toBeUndefined();
  });

  it('say of one Egg what is planned, alive and waiting', async () => {
    const { queries } = plane.engine();
    const status = await queries.eggStatus(admin, 'app', direct);

    expect(status).toMatchObject({
      latestPlan: { status: 'applied' },
      deployment: { state: 'running' },
      waitingJobs: 0,
      capacity: { now: 0, starting: 0, max: 2 },
      problems: [],
    });
    expect(status?.activeRunners).toMatchObject([{ row: { state: 'active' }, why: 'runs 1 job(s)' }]);
    const [run] = (await plane.recording.rows('runs')).filter((row) => row['egg_name'] === 'app');
    expect(await queries.runLog(admin, String(run?.['id']), direct)).toBeDefined();
  });

  it('say why a job waits, runs, or is not known', async () => {
    const { queries } = plane.engine();
    const why = (project: string, jobId: number) =>
      queries.why(admin, { server: 'GitLab.com', project, jobId }, direct);

    expect(await why('2', jobs.lost)).toMatchObject({
      verdict: 'unmatched',
      candidates: [{ eggName: 'lib', missingTags: ['nobody'] }],
    });
    expect(await why('Group/App', jobs.app)).toMatchObject({
      verdict: 'running',
      job: { status: 'running' },
    });
    expect(await why('1', 424_242)).toMatchObject({ verdict: 'unknown' });
    expect(await why('77', 1)).toBeUndefined();
  });

  it('tell the health of what the installation depends on', async () => {
    const { queries } = plane.engine();

    expect(await queries.health(direct)).toMatchObject({
      live: true,
      dependencies: [
        { name: 'store', ok: true },
        { name: 'queue', ok: true },
        { name: 'opentofu', ok: true },
      ],
      nest: { mode: 'webhook', status: 'success' },
    });
    plane.git.commit({ 'Eggs/app/config.fly': 'egg "app" {' });
    await plane.engine().background.wakeSync(direct);
    plane.start();
    await plane.run(5_000);
    await plane.stop();
    expect((await queries.health(direct)).problems.map(({ code }) => code)).toContain('FLY020');
  });
});

describe('commands', () => {
  const actions = async (actor: string) =>
    (await plane.recording.rows('audit_logs'))
      .filter((row) => row['actor'] === actor)
      .map((row) => row['action']);

  it('drain a runner, or stop it with its job, and say who asked', async () => {
    const { commands } = plane.engine();
    const [gentle, forced] = [await runnerOf('app'), await runnerOf('lib')];
    expect(await commands.removeRunner(limited, { id: gentle, force: false }, direct)).toBe('ok');
    expect(await commands.removeRunner(limited, { id: forced, force: false }, direct)).toBe('missing');
    expect(await commands.removeRunner(admin, { id: forced, force: true }, direct)).toBe('ok');
    plane.start();
    await plane.run(2 * 60_000);
    await plane.stop();

    expect(plane.tofu.machines.has(forced)).toBe(false);
    expect(plane.tofu.machines.has(gentle)).toBe(true);
    expect(plane.model.jobs.get(jobs.lib)?.status).toBe('failed');
    expect(plane.model.jobs.get(jobs.app)?.status).toBe('running');
    expect(await actions('admin')).toEqual(['stop']);
    expect(await actions('limited')).toEqual(['drain']);
    expect(await commands.removeRunner(admin, { id: forced, force: true }, direct)).toBe('missing');
  });

  it('launch runners by hand, never above the max, nothing while frozen', async () => {
    const { commands } = plane.engine();
    expect(await commands.launchRunners(limited, { egg: 'lib', count: 1 }, direct)).toBe('missing');
    expect(await commands.launchRunners(admin, { egg: 'nothing', count: 1 }, direct)).toBe('missing');
    await commands.setFreeze(admin, { egg: 'app', on: true, why: 'x' }, direct);
    await commands.launchRunners(admin, { egg: 'app', count: 9 }, direct);
    const live = async () =>
      (await plane.recording.rows('runners')).filter((row) => row['egg_name'] === 'app').length;
    expect(await live()).toBe(1);

    await commands.setFreeze(admin, { egg: 'app', on: false, why: 'x' }, direct);
    expect(await commands.launchRunners(admin, { egg: 'app', count: 9 }, direct)).toBe('ok');
    expect(await live()).toBe(2);
  });

  it('make what was launched by hand, though another pass comes first and no job waits for it', async () => {
    const { commands } = plane.engine();
    await commands.setFreeze(admin, { egg: 'app', on: false, why: 'a pass before the run' }, direct);
    await commands.launchRunners(admin, { egg: 'app', count: 1 }, direct);
    plane.start();
    await plane.run(2 * 60_000);
    await plane.stop();

    const states = (await plane.recording.rows('runners'))
      .filter((row) => row['egg_name'] === 'app')
      .map((row) => row['state']);
    expect(states.toSorted()).toEqual(['active', 'idle']);
  });

  it('put a dead letter back or throw it away, with an audit row, and show it until then', async () => {
    const { commands, queries } = plane.engine();
    const { queue, store } = plane.deps;
    const bury = async (key: string) => {
      await store.commit([outboxWrite({ kind: 'notify', key, trace: 't' }, plane.deps)], direct);
      const wanted = { max: 1, leaseMs: 1_000, waitMs: 0, kinds: ['notify'] } as const;
      const [delivery] = await queue.receive(wanted, direct);
      await queue.bury(delivery ?? expect.fail(), 'a bug', direct);
      return delivery?.id ?? '';
    };
    const [back, away] = [await bury('one'), await bury('two')];
    const buried = async () =>
      (await queries.health(direct)).problems.filter(({ code }) => code === 'TASKS_BURIED');
    expect(await buried()).toMatchObject([{ detail: expect.stringContaining('2 put aside') }]);

    expect(await commands.redriveTask(admin, back, direct)).toBe('ok');
    expect(await commands.purgeTask(admin, away, direct)).toBe('ok');
    expect(await commands.redriveTask(admin, away, direct)).toBe('missing');

    expect(await buried()).toEqual([]);
    expect(await actions('admin')).toEqual(['redrive', 'purge']);
    const { items } = await queries.audit(admin, { ...page, resource: back }, direct);
    expect(items).toMatchObject([{ actor: 'admin', action: 'redrive', resource_type: 'task' }]);
  });

  it('clear a cache of OpenTofu, with an audit row', async () => {
    const { commands, queries } = plane.engine();

    await commands.clearCache(admin, 'providers', direct);
    await commands.clearCache(admin, 'modules', direct);

    expect(plane.tofu.cleared).toEqual(['providers', 'modules']);
    const { items } = await queries.audit(admin, { ...page, resource: 'modules' }, direct);
    expect(items).toMatchObject([{ actor: 'admin', action: 'clear', resource_type: 'cache' }]);
  });

  it('freeze one Egg or all, and wake them all again', async () => {
    const { commands, queries } = plane.engine();
    expect(await commands.setFreeze(limited, { egg: 'lib', on: true, why: 'x' }, direct)).toBe('missing');
    await commands.setFreeze(admin, { on: true, why: 'release day' }, direct);
    expect(await queries.eggStatus(admin, 'lib', direct)).toMatchObject({
      frozen: { by: 'admin', why: 'release day' },
    });

    const dirty = async () =>
      (await plane.recording.rows('egg_state')).map((row) => Number(row['dirty_generation']));
    const before = await dirty();
    await commands.setFreeze(admin, { on: false, why: 'done' }, direct);
    expect(await dirty()).toEqual(before.map((generation) => generation + 1));
    expect(await actions('admin')).toEqual(['freeze', 'unfreeze']);
  });
});

describe('tokens', () => {
  it('are known by their value, limited, stamped, revoked and ended', async () => {
    const { tokens } = plane.engine();
    const { token, row } = await tokens.create(admin, { name: 'ci', role: 'read', eggs: ['app'] }, direct);
    const ending = await tokens.create(
      admin,
      { name: 'short', role: 'read', expiresAt: plane.clock.now() + 1_000 },
      direct,
    );

    expect(await tokens.authenticate(token.reveal(), direct)).toEqual({
      tokenId: row.id,
      name: 'ci',
      role: 'read',
      eggs: ['app'],
    });
    const used = (await tokens.list(admin, direct)).map(({ name, last_used_at }) => [name, last_used_at]);
    // Stored under the hashes of their values, so in no order of ours.
    expect(used.toSorted()).toEqual([
      ['ci', plane.clock.now()],
      ['short', undefined],
    ]);
    await expect(tokens.create(admin, { name: 'ci', role: 'read' }, direct)).rejects.toMatchObject({
      code: 'TOKEN_NAME_TAKEN',
      http: 409,
    });
    expect(await tokens.authenticate('pgt_guess', direct)).toBeUndefined();
    expect(JSON.stringify(await plane.recording.rows('api_tokens'))).not.toContain(token.reveal());

    expect(await tokens.revoke(admin, row.id, direct)).toBe('ok');
    expect(await tokens.revoke(admin, row.id, direct)).toBe('missing');
    expect(await tokens.authenticate(token.reveal(), direct)).toBeUndefined();
    await tokens.create(admin, { name: 'ci', role: 'read' }, direct);
    await plane.clock.advance(1_000);
    expect(await tokens.authenticate(ending.token.reveal(), direct)).toBeUndefined();
  });

  it('of the CLI and the triggers are made once', async () => {
    const { tokens } = plane.engine();
    const [first, second] = [await tokens.ensureCliToken(direct), await tokens.ensureCliToken(direct)];

    expect(first.reveal()).toBe(second.reveal());
    expect(await tokens.authenticate(first.reveal(), direct)).toMatchObject({ name: 'cli', role: 'admin' });
    const [one, two] = [await tokens.ensureTriggerToken(direct), await tokens.ensureTriggerToken(direct)];
    expect(one.reveal()).toBe(two.reveal());
  });
});
