import type { Write } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { sweepBlobs } from '../background/sweep-blobs.ts';
import { tick } from '../background/tick.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { createFakeSetTofu, type FakeSetTofu } from '../testing/fake-set-tofu.ts';
import { createFakeTofu } from '../testing/fake-tofu.ts';
import { direct } from '../testing/install.ts';
import { versionsInPlans } from '../tools/versions-in-plans.ts';
import { runSet } from './run-set.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const me = { tokenId: 't', name: 'me', role: 'write' } as const;
let plane: ControlPlane;
let world: FakeSetTofu;

beforeEach(async () => {
  const clock = createFakeClock();
  const base = createFakeTofu(clock);
  world = createFakeSetTofu(base.tofu);
  const outside = { tofu: world.tofu, machinesPort: base.machinesPort, machines: () => base.machines };
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), outside });
});

const aDeployment: Write = {
  kind: 'put',
  table: 'deployments',
  row: {
    ...{ egg_name: 'rift', id: 'd1', machine_hash: 'm', config_hash: 'c', git_commit: 'a' },
    ...{ state: 'succeeded', started_at: 1 },
  },
  when: { kind: 'absent' },
};
const filesOf = (image: string) => new Map([['resources.tf', `# ${image}`]]);

async function deploy(image: string): Promise<string> {
  await plane.clock.advance(1_000);
  const deployment = { set: 'rift', provider: 'local', files: filesOf(image), configHash: image } as const;
  const { deploymentId } = await plane
    .engine()
    .sets.deploy({ ...deployment, commit: image.repeat(8) }, direct);
  return deploymentId;
}

/** Everything there is to do now. Answers what OpenTofu was asked for. */
async function settle(): Promise<string[]> {
  world.calls.length = 0;
  for (let step = 0; step < 10; step++) {
    await plane.clock.advance(1_000);
    if ((await runSet(plane.deps, 'rift', direct)) === 'idle') break;
  }
  return [...world.calls];
}

function rollback(request: { to?: string; unpin?: boolean; dryRun?: boolean } = {}) {
  return plane
    .engine()
    .commands.rollback(me, { egg: 'rift', unpin: false, dryRun: false, ...request }, direct);
}

async function plans(): Promise<string[]> {
  const rows = await plane.recording.rows('deployment_plans');
  return rows.map(({ plan_type, kind, status }) => `${plan_type} ${kind} ${status}`);
}

const planRows = () => plane.recording.rows('deployment_plans');
const armedRows = async () => (await planRows()).filter(({ status }) => status === 'pending');
const armed = async () => (await armedRows())[0];
const deploymentStates = async () => (await plane.recording.rows('deployments')).map(({ state }) => state);
const problems = async () =>
  (await plane.engine().queries.health(direct)).problems.filter(({ code }) => code.startsWith('TOFU'));

async function discardedBecause(): Promise<unknown[]> {
  const rows = await plane.recording.rows('deployment_plans');
  return rows.flatMap(({ status, metadata }) => (status === 'discarded' ? [Object(metadata)['why']] : []));
}

describe('a long-lived set', () => {
  it('is planned and applied, and a plan back is armed after each apply but the first', async () => {
    await deploy('v1');
    expect(await settle()).toEqual(['plan', 'apply']);
    expect(await plans()).toEqual(['rift deploy applied']);

    const second = await deploy('v2');
    expect(await settle()).toEqual(['plan', 'apply', 'plan']);

    expect(world.state).toEqual(filesOf('v2'));
    expect(await plans()).toEqual(['rift deploy applied', 'rift deploy applied', 'rift rollback pending']);
    const rows = await plane.recording.rows('deployment_plans');
    const inForce = rows.find(({ deployment_id: id }) => id === second);
    expect(inForce).toMatchObject({ rollback_plan_id: (await armed())?.['id'], serial_after: 2 });
    expect(await armed()).toMatchObject({ serial_before: 2, lineage: 'l1', summary: { change: 1 } });
    expect((await armed())?.['expires_at']).toBeUndefined();
    expect(await versionsInPlans(plane.deps, direct)).toEqual(new Set(['1.12.6']));
  });

  it('goes back by the armed plan without planning, and forward again when its pin is lifted', async () => {
    const first = await deploy('v1');
    await settle();
    const second = await deploy('v2');
    await settle();

    const view = await rollback({ dryRun: true });
    expect(view).toMatchObject({
      action: 'pin',
      plan: { id: (await armed())?.['id'], summary: { change: 1 } },
    });
    expect(await settle()).toEqual([]);
    await rollback();
    expect(await settle()).toEqual(['look', 'apply']);

    expect(world.state).toEqual(filesOf('v1'));
    expect(await plans()).toEqual([
      'rift deploy applied',
      'rift deploy rolled_back',
      'rift rollback applied',
    ]);
    expect(await plane.recording.rows('deployments')).toMatchObject([
      { id: first, state: 'succeeded' },
      { id: second, state: 'rolled_back' },
    ]);
    expect(
      (await plane.recording.rows('deployment_plans')).every((row) => row['plan_binary'] === undefined),
    ).toBe(true);
    await expect(rollback()).rejects.toMatchObject({ code: 'ROLLBACK_NOTHING' });

    expect(await rollback({ unpin: true })).toMatchObject({ action: 'unpin', plan: 'made anew' });
    expect(await settle()).toEqual(['plan', 'apply', 'plan']);
    expect(world.state).toEqual(filesOf('v2'));
    expect(await rollback({ dryRun: true })).toMatchObject({
      action: 'pin',
      plan: { summary: { change: 1 } },
    });
  });

  it('makes another plan where the armed one does not fit any more', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    world.serial = 9; // somebody else has changed the state

    await rollback();

    expect(await settle()).toEqual(['look', 'plan', 'apply']);
    expect(world.state).toEqual(filesOf('v1'));
    expect(await discardedBecause()).toEqual(['its state has moved on since']);
  });

  it.each([
    ['a day has passed', () => plane.clock.advance(24 * hourMs)],
    ['OpenTofu is of another version', async () => void Object.assign(world, { version: '1.12.7' })],
  ])('is armed anew when %s, and not before', async (_what, change) => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    const before = (await armed())?.['id'];
    await plane.clock.advance(20 * hourMs);
    expect(await settle()).toEqual([]);

    await change();

    expect(await settle()).toEqual(['plan']);
    expect((await armed())?.['id']).not.toBe(before);
    const rows = await plane.recording.rows('deployment_plans');
    expect(rows.filter(({ rollback_plan_id: id }) => id !== undefined)).toMatchObject([
      { rollback_plan_id: (await armed())?.['id'] },
    ]);
  });

  it('keeps its armed plan where another host has the same version for another platform', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    world.sha256 = 'b'.repeat(64);

    expect(await settle()).toEqual([]);
    await rollback();
    expect(await settle()).toEqual(['look', 'apply']);
  });

  it('goes back from its bundle, without a look, right after another version came into use', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    world.version = '1.12.7';

    await rollback();

    expect(await settle()).toEqual(['plan', 'apply']);
    expect(world.state).toEqual(filesOf('v1'));
    expect(await discardedBecause()).toEqual(['OpenTofu is of another version since']);
  });

  it('goes back from its bundle where nobody can read the armed plan', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    world.during = { look: async () => void Object.assign(world, { version: '1.12.7' }) };

    await rollback();

    expect(await settle()).toEqual(['look', 'plan', 'apply']);
    expect(world.state).toEqual(filesOf('v1'));
    expect(await discardedBecause()).toEqual([expect.stringMatching(/^it cannot be shown: .*transferred/)]);
  });

  it('is looked at every hour, once there is one', async () => {
    const asked = async () => {
      await plane.clock.advance(hourMs);
      await tick(plane.deps, direct);
      const rows = await plane.recording.rows('outbox');
      return rows.filter(({ merge_key: key }) => String(key).includes('rift#0')).length;
    };
    expect(await asked()).toBe(0);
    await plane.deps.store.commit([aDeployment], direct);

    expect(await asked()).toBe(1);
  });

  it('keeps no plan that OpenTofu has not encrypted, and rolls back all the same', async () => {
    world.isEncrypted = false;
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();

    expect(await armed()).toBeUndefined();
    expect(await rollback()).toMatchObject({ plan: 'made anew' });
    expect((await settle()).slice(0, 2)).toEqual(['plan', 'apply']);
    expect(world.state).toEqual(filesOf('v1'));
  });

  it('opens no deployment for the same files, and a new one ends a pin', async () => {
    const first = await deploy('v1');
    await settle();
    expect(await deploy('v1')).toBe(first);
    await deploy('v2');
    await settle();
    await rollback();
    await settle();

    await deploy('v3');
    expect(await plane.recording.rows('pins')).toEqual([]);
    await settle();

    expect(world.state).toEqual(filesOf('v3'));
    // Not to v2, which was left by a rollback.
    expect(await rollback({ dryRun: true })).toMatchObject({ after: { deployment: { id: first } } });
  });

  it('plans again after an apply that failed or was ended, and never applies an armed plan twice', async () => {
    await deploy('v1');
    world.nextApply = 'failed';
    expect(await settle()).toEqual(['plan', 'apply']);
    await plane.clock.advance(minuteMs);
    expect(await settle()).toEqual(['plan', 'apply']);
    await deploy('v2');
    await settle();

    await rollback();
    world.nextApply = 'unknown';
    expect(await settle()).toEqual(['look', 'apply', 'plan', 'apply']);

    expect(world.state).toEqual(filesOf('v1'));
    expect(await plans()).toContain('rift rollback failed');
  });

  it('backs off a deployment that fails, and tells of it until it is in force', async () => {
    await deploy('v1');
    await settle();
    world.isBroken = true;
    await deploy('v2');
    world.calls.length = 0;
    plane.start();

    await plane.run(40 * minuteMs, 15_000);

    // At once, then after 1, 2, 4, 8 and then 15 minutes, and a look for what is due every half of one.
    const tried = world.calls.filter((call) => call === 'apply').length;
    expect(tried).toBeGreaterThanOrEqual(5);
    expect(tried).toBeLessThanOrEqual(6);
    expect(await problems()).toMatchObject([
      {
        code: 'TOFU_APPLY_FAILED',
        detail: expect.stringMatching(/^rift: .*no such image.*in a row.*again at 2/),
      },
    ]);

    world.isBroken = false;
    await plane.runUntil(async () => world.state.get('resources.tf') === '# v2', 16 * minuteMs);
    await plane.run(5_000);
    await plane.stop();
    expect(world.state).toEqual(filesOf('v2'));
    expect(await problems()).toEqual([]);
  });

  it('tries another deployment at once, however long one has failed', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    world.isBroken = true;
    for (let minutes = 0; minutes < 60; minutes++) {
      await settle();
      await plane.clock.advance(minuteMs);
    }
    world.isBroken = false;

    await deploy('v3');

    expect(await settle()).toEqual(['plan', 'apply', 'plan']);
  });

  it('goes back to what was in force before a deployment that failed half-way', async () => {
    await deploy('v1');
    await settle();
    const second = await deploy('v2');
    await settle();
    await deploy('v3');
    world.nextApply = 'failed';
    world.during = {
      apply: async () => void Object.assign(world, { state: filesOf('half of v3'), serial: 3 }),
    };
    await settle();

    expect(await rollback()).toMatchObject({ after: { deployment: { id: second } }, plan: 'made anew' });

    expect(await settle()).toEqual(['plan', 'apply', 'plan']);
    expect(world.state).toEqual(filesOf('v2'));
    expect(await armedRows()).toMatchObject([{ summary: { change: 1 }, serial_before: 4 }]);
    expect(await deploymentStates()).toEqual(['succeeded', 'succeeded', 'running']);
  });

  it('knows what is in force and armed however many plans failed since', async () => {
    const first = await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    await deploy('v3');
    world.nextApply = 'failed';
    await settle();
    const [failed] = (await planRows()).filter(({ status }) => status === 'failed');
    for (let count = 0; count < 150; count++) {
      const row = { ...failed, id: plane.deps.ids.next() };
      const put = { kind: 'put', table: 'deployment_plans', row, when: { kind: 'absent' } } as const;
      await plane.deps.store.commit([put], direct);
    }

    const [plan] = await armedRows();
    const view = await rollback({ to: first, dryRun: true });

    expect(view).toMatchObject({ action: 'pin', plan: { id: plan?.['id'] } });
    expect(await versionsInPlans(plane.deps, direct)).toEqual(new Set(['1.12.6']));
  });

  it('forgets no deployment that is in force, however many failed since', async () => {
    const first = await deploy('v1');
    await settle();
    for (let count = 0; count < 25; count++) await deploy(`bad${count}`);

    expect((await plane.recording.rows('deployments')).map(({ id }) => id)).toContain(first);
  });

  it('keeps one armed plan: what led away from a deployment before is discarded', async () => {
    for (const image of ['v1', 'v2', 'v3']) {
      await deploy(image);
      await settle();
    }

    expect(await armedRows()).toHaveLength(1);
    expect(await discardedBecause()).toEqual(['what it leads away from is not in force any more']);
  });

  it('is in force where a newer deployment was opened while it was applied, and is gone back to', async () => {
    await deploy('v1');
    await settle();
    const second = await deploy('v2');
    world.during = { apply: () => deploy('v3') };

    expect(await settle()).toEqual(['plan', 'apply', 'plan', 'apply', 'plan']);

    expect(world.state).toEqual(filesOf('v3'));
    expect((await planRows()).filter(({ status }) => status === 'failed')).toEqual([]);
    expect(await deploymentStates()).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await armedRows()).toMatchObject([{ deployment_id: second }]);
  });

  it('applies nothing that was planned before a freeze, and goes on when that ends', async () => {
    await deploy('v1');
    world.during = { plan: () => plane.engine().commands.setFreeze(me, { on: true, why: 'w' }, direct) };
    expect(await settle()).toEqual(['plan']);
    expect(await discardedBecause()).toEqual(['it was frozen while it was planned']);

    const before = (await plane.recording.rows('outbox')).length;
    await plane.engine().commands.setFreeze(me, { on: false, why: 'w' }, direct);
    const woken = (await plane.recording.rows('outbox')).slice(before).map((row) => row['merge_key']);
    expect(woken).toContain('run rift#0');
    expect(await settle()).toEqual(['plan', 'apply']);
  });

  it('keeps its armed plan through a freeze that began while that was looked at', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await settle();
    await rollback();
    world.during = { look: () => plane.engine().commands.setFreeze(me, { on: true, why: 'w' }, direct) };
    expect(await settle()).toEqual(['look']);

    await plane.engine().commands.setFreeze(me, { on: false, why: 'w' }, direct);

    expect(await settle()).toEqual(['look', 'apply']);
    expect(world.state).toEqual(filesOf('v1'));
  });

  it('waits while everything is frozen', async () => {
    await deploy('v1');
    const on = { name: 'freeze', on: true, by: 'me', why: 'looked at', at: 1 };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'switches', row: on, when: { kind: 'any' } }],
      direct,
    );

    expect(await settle()).toEqual([]);
  });

  it('keeps the bundles of its deployments for as long as they are', async () => {
    await deploy('v1');
    await settle();
    await deploy('v2');
    await plane.clock.advance(30 * 24 * hourMs);
    await sweepBlobs(plane.deps, direct);
    await plane.clock.advance(30 * 24 * hourMs);
    await sweepBlobs(plane.deps, direct);

    await settle();
    await rollback();
    await settle();

    expect(world.state).toEqual(filesOf('v1'));
  });

  it('is nothing where it was never deployed', async () => {
    expect(await rollback()).toBe('missing');
    expect(await settle()).toEqual([]);
  });

  it('is not for a caller who is limited to Eggs', async () => {
    await deploy('v1');
    const asked = { egg: 'rift', unpin: false, dryRun: true };

    const view = await plane.engine().commands.rollback({ ...me, eggs: ['app'] }, asked, direct);

    expect(view).toBe('missing');
  });
});
