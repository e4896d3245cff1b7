import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, publishAgent } from '../testing/test-cloud.ts';

const minuteMs = 60_000;
const me = { tokenId: 't', name: 'me', role: 'admin' } as const;
const regions = { aws: 'eu-central-1', yandex: 'ru-central1', local: 'here' } as const;
const yandex = { subnets: { 'ru-central1-a': 'e9b0' }, securityGroups: [], networkId: 'enpn0' };
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  const clouds = { ...cloudSettings.clouds, yandex };
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: { clouds } });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
});

function textOf(provider: keyof typeof regions, region: string = regions[provider]): Record<string, string> {
  const cloud = ['  }', '  cloud {', `    provider = "${provider}"`];
  const more = provider === 'local' ? cloud : [...cloud, `    region = "${region}"`];
  return nestOf({ app: { concurrent: 5, more } });
}

async function move(...to: Parameters<typeof textOf>): Promise<string> {
  const commit = plane.git.commit(textOf(...to));
  await syncNest(plane.deps, direct);
  return commit;
}

async function begin(...at: Parameters<typeof textOf>): Promise<string> {
  const commit = await install(plane, textOf(...at));
  plane.start();
  return commit;
}

/** A job that runs; undefined: it waits in vain. */
async function runJob(lastsMs: number): Promise<number | undefined> {
  const job = addJob(plane.model, { projectId: 1, lastsMs });
  return plane.runUntil(() => job.status === 'running', 5 * minuteMs);
}

async function machines(): Promise<string[]> {
  const rows = await plane.recording.rows('runners');
  const living = rows.filter(({ state }) => state !== 'terminated');
  return living.map(({ cloud_provider: cloud, region, shard }) => `${cloud} ${region} ${shard}`).toSorted();
}

/** They end by themselves, so that OpenTofu's state still knows them. */
async function loseMachines(): Promise<void> {
  for (const id of plane.tofu.machines.keys()) {
    plane.agents.kill(id);
    plane.tofu.machines.delete(id);
  }
  await plane.runUntil(async () => (await machines()).length === 0, 180 * minuteMs);
}

const problems = async () => (await plane.engine().queries.eggStatus(me, 'app', direct))?.problems;

describe('an Egg that moves', () => {
  it('to another cloud by a commit gets machines there while its old ones end their jobs', async () => {
    await begin('aws');
    const first = await runJob(20 * minuteMs);
    await move('yandex');
    const second = await runJob(40 * minuteMs);
    const both = await machines();
    await plane.runUntil(async () => (await machines()).length === 1, 60 * minuteMs);
    const after = await machines();
    await move('aws');
    const third = await runJob(minuteMs);
    await plane.stop();

    expect([first, second, third]).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(both).toEqual(['aws eu-central-1 0', 'yandex ru-central1 1']);
    expect(after).toEqual(['yandex ru-central1 1']);
    expect(await machines()).toEqual(['aws eu-central-1 0', 'yandex ru-central1 1']);
    expect(await problems()).toEqual([]);
    expect(plane.tofu.violations).toEqual([]);
  });

  it('back to another cloud by a rollback gets machines there at once', async () => {
    const commit = await begin('aws');
    await runJob(60 * minuteMs);
    await move('yandex');
    await runJob(60 * minuteMs);
    await plane
      .engine()
      .commands.rollback(me, { egg: 'app', to: commit, unpin: false, dryRun: false }, direct);
    const third = await runJob(60 * minuteMs);
    await plane.stop();

    expect(third).toEqual(expect.any(Number));
    expect(await machines()).toEqual(['aws eu-central-1 0', 'aws eu-central-1 0', 'yandex ru-central1 1']);
    expect(await problems()).toEqual([]);
  });

  it('to another region of a cloud has a shard of its own there', async () => {
    await begin('aws');
    await runJob(60 * minuteMs);
    await move('aws', 'eu-central-1a');
    const second = await runJob(60 * minuteMs);
    await plane.stop();

    expect(second).toEqual(expect.any(Number));
    expect(await machines()).toEqual(['aws eu-central-1 0', 'aws eu-central-1a 1']);
  });

  it('never uses a shard of the other cloud, whose state may know of a machine that is gone', async () => {
    await begin('aws');
    await runJob(60 * minuteMs);
    await loseMachines();
    const left = plane.tofu.states.get('app#0')?.size;
    await move('yandex');
    const second = await runJob(60 * minuteMs);
    await plane.stop();

    expect(left).toBe(1);
    expect(second).toEqual(expect.any(Number));
    expect(await machines()).toEqual(['yandex ru-central1 1']);
  });

  it('by leaving the Nest and coming back is not mistaken about what it left in the other cloud', async () => {
    await begin('aws');
    await runJob(60 * minuteMs);
    await loseMachines();
    const emptied = plane.git.commit(nestOf({}));
    await plane.engine().commands.sync(me, { confirm: emptied }, direct);
    await plane.runUntil(async () => (await plane.recording.rows('egg_configs')).length === 0, 30 * minuteMs);
    const forgotten = await plane.recording.rows('egg_state');
    await move('yandex');
    const second = await runJob(60 * minuteMs);
    await plane.stop();

    expect(forgotten).toMatchObject([{ egg_name: 'app', places: { 0: 'aws eu-central-1' } }]);
    expect(forgotten[0]).not.toHaveProperty('dirty_generation');
    expect(second).toEqual(expect.any(Number));
    expect(await machines()).toEqual(['yandex ru-central1 1']);
  });

  it('away from a cloud has what is left there compared with its state all the same', async () => {
    await begin('aws');
    await runJob(60 * minuteMs);
    await move('local');
    await plane.run(16 * minuteMs, 5_000);
    const now = plane.clock.now();
    await plane.stop();

    const [state] = await plane.recording.rows('egg_state');
    const { 0: comparedAt = 0 } = Object(state?.['refreshed']);
    expect(now - comparedAt).toBeLessThan(6 * minuteMs);
  });
});
