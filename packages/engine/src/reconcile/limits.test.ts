import { type EggConfig, type Limits, machinePartOf, nestMachineHash } from '@polar-gosling/domain';
import { limitsErrors } from '@polar-gosling/ports/limits';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { reconcile } from './reconcile.ts';

let plane: ControlPlane;
let limits: Limits | undefined;
const everyone = { tokenId: 't', name: 'me', role: 'admin' } as const;
const dayMs = 86_400_000;

async function aPlane(over: Partial<ControlPlaneOptions> = {}) {
  const clock = createFakeClock();
  const source = {
    async read() {
      if (limits === undefined) throw limitsErrors.unreadable({ place: '/limits.json' });
      return limits;
    },
  };
  const wrap: ControlPlaneOptions['wrap'] = (deps) => ({ ...deps, limits: source });
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), wrap, ...over });
}

beforeEach(async () => {
  limits = { prices: { local: 0.5 } };
  await aPlane();
});

async function sync(files?: Readonly<Record<string, string>>) {
  if (files !== undefined) plane.git.commit(files);
  await syncNest(plane.deps, direct);
}

/** Lets so many jobs wait for an Egg. */
async function waits(egg: string, count: number, from = 1) {
  for (let n = from; n < from + count; n++) {
    const job = {
      server_project: 'gitlab.com#1',
      job_id: n,
      status: 'pending',
      rank: 1,
      name: 'test',
      pipeline_id: 1,
      ref: 'main',
      queued_at: plane.clock.now(),
      egg_name: egg,
    };
    const member = { egg_name: egg, item: `job#gitlab.com#1#${n}`, state: 'pending' };
    await plane.deps.store.commit(
      [
        { kind: 'put', table: 'ci_jobs', row: job, when: { kind: 'any' } },
        { kind: 'put', table: 'egg_members', row: member, when: { kind: 'any' } },
      ],
      direct,
    );
  }
}

/** As after a rollback to a deployment whose machines were bigger, in another cloud. */
async function pinToBigMachines(egg: string) {
  const [row] = await plane.deps.store.get([{ table: 'egg_configs', partition: egg }], direct);
  const config = row?.['config'] as unknown as EggConfig;
  const part = machinePartOf(config);
  const machine = {
    ...part,
    cloud: { ...part.cloud, provider: 'aws', region: 'eu-central-1' },
    resources: { ...part.resources, instanceType: 'big' },
  };
  const set = {
    ...{ deployment_id: 'd-before', by: 'me', why: 'rolled back', at: plane.clock.now() },
    ...{ machine: JSON.parse(JSON.stringify(machine)), git_commit: 'abc1234', over: nestMachineHash(config) },
  };
  const key = { table: 'pins', partition: egg } as const;
  await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
}

const count = async () => (await plane.recording.rows('runners')).length;
const status = (egg: string) => plane.engine().queries.eggStatus(everyone, egg, direct);
const problems = async (egg: string) => (await status(egg))?.problems ?? [];

describe('limits at sync', () => {
  it('keeps the last good version of an Egg that breaks them, with the rule and the place', async () => {
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['*'], machines: 3 }] };
    await sync(nestOf({ a: {}, b: {} }));
    await sync(nestOf({ a: { concurrent: 4 }, b: { tags: ['new'] } }));

    expect(await problems('a')).toMatchObject([
      {
        code: 'FLY086',
        detail: expect.stringMatching(/^Eggs\/a\/config\.fly:8: .*rules\.all\.machines: .*4 machines/),
      },
    ]);
    expect((await status('a'))?.egg.config.runner.concurrent).toBe(2);
    expect(await problems('b')).toEqual([]);
    expect((await status('b'))?.egg.config.runner.tags).toEqual(['new']);
  });

  it('takes no new Egg in that breaks them, and says so', async () => {
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['team-*'] }] };
    await sync(nestOf({ a: {} }));

    expect(await status('a')).toBeUndefined();
    const { problems: shown } = await plane.engine().queries.health(direct);
    expect(shown).toMatchObject([{ code: 'FLY086', detail: expect.stringContaining('no rule names egg a') }]);
  });

  it('reads them anew at each sync, though the commit is the same', async () => {
    await sync(nestOf({ a: {} }));
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['*'], clouds: ['aws'] }] };
    await sync();
    expect(await problems('a')).toMatchObject([{ code: 'FLY086' }]);

    limits = { prices: {} };
    await sync();
    expect(await problems('a')).toEqual([]);
  });

  it('fails a sync that cannot read them, and goes on by the last ones', async () => {
    limits = { prices: {}, machinesPerDay: 1 };
    await sync(nestOf({ a: {} }));
    limits = undefined;
    plane.git.commit(nestOf({ a: { tags: ['new'] } }));

    await expect(syncNest(plane.deps, direct)).rejects.toMatchObject({ code: 'LIMITS_UNREADABLE' });
    expect((await status('a'))?.egg.config.runner.tags).toEqual(['linux']);
    await waits('a', 2);
    await reconcile(plane.deps, 'a', direct);
    expect(await count()).toBe(1);
  });
});

describe('limits at launch', () => {
  it('launches nothing before a sync has read them', async () => {
    const before = plane.deps;
    await syncNest({ ...before, limits: { read: async () => undefined as never } }, direct).catch(() => {});
    plane.git.commit(nestOf({ a: {} }));
    await syncNest({ ...before, limits: { read: async () => undefined as never } }, direct);
    await waits('a', 1);
    await reconcile(before, 'a', direct);

    expect(await count()).toBe(0);
    expect(await problems('a')).toMatchObject([{ code: 'LIMITS_NOT_READ' }]);
  });

  it('never passes the machines of all Eggs together, says which limit holds, and goes on when one ends', async () => {
    limits = { prices: {}, machines: 3 };
    await sync(nestOf({ a: {}, b: { project: 2 } }));
    await waits('a', 2);
    await waits('b', 2, 3);
    await reconcile(plane.deps, 'a', direct);
    await reconcile(plane.deps, 'b', direct);

    expect(await count()).toBe(3);
    expect(await problems('b')).toMatchObject([
      { code: 'LIMIT_MACHINES', detail: 'machines: no more than 3 may exist at once' },
    ]);
    expect(await problems('a')).toEqual([]);
    const again = (await plane.recording.rows('outbox')).map(({ id }) => String(id));
    expect(again.some((id) => id.startsWith('look-again b '))).toBe(true);

    const members = (await plane.recording.rows('egg_members')).filter(
      ({ item, egg_name: egg }) => egg === 'a' && String(item).startsWith('runner#'),
    );
    const key = { table: 'egg_members', partition: 'a', sort: String(members[0]?.['item']) } as const;
    await plane.deps.store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], direct);
    await reconcile(plane.deps, 'b', direct);
    expect(await count()).toBe(4);
    expect(await problems('b')).toEqual([]);
  });

  it('counts the launches of a day, and begins anew with the next', async () => {
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['*'], machinesPerDay: 1 }] };
    await sync(nestOf({ a: {} }));
    await waits('a', 2);
    await reconcile(plane.deps, 'a', direct);
    await reconcile(plane.deps, 'a', direct);

    expect(await count()).toBe(1);
    expect(await problems('a')).toMatchObject([{ code: 'LIMIT_MACHINES_PER_DAY' }]);
    const jobs = await plane.recording.rows('ci_jobs');
    expect(jobs.map((job) => job['wait_cause'])).toContain('limits');

    const next = (Math.floor(plane.clock.now() / dayMs) + 1) * dayMs;
    await plane.clock.advance(next - plane.clock.now());
    await waits('a', 2, 10);
    await reconcile(plane.deps, 'a', direct);
    expect(await count()).toBe(2);
  });

  it('holds what would cost more than the money of a day', async () => {
    limits = { prices: { local: 0.5 }, moneyPerDay: 12 };
    await sync(nestOf({ a: {} }));
    await waits('a', 2);
    await reconcile(plane.deps, 'a', direct);

    expect(await count()).toBe(1);
    await reconcile(plane.deps, 'a', direct);
    expect(await problems('a')).toMatchObject([
      { code: 'LIMIT_MONEY_PER_DAY', detail: expect.stringContaining('no more than 12 a day') },
    ]);
  });

  it('launches nothing of an Egg in force that breaks limits which were tightened', async () => {
    await sync(nestOf({ a: {} }));
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['*'], clouds: ['aws'] }] };
    await sync();
    await waits('a', 1);
    await reconcile(plane.deps, 'a', direct);

    expect(await count()).toBe(0);
    expect((await problems('a')).map(({ code }) => code)).toEqual(['FLY086', 'LIMIT_BROKEN']);
  });

  it('launches nothing of an Egg that was rolled back to machines beyond the limits of today', async () => {
    limits = { prices: {}, rules: [{ name: 'all', eggs: ['*'], clouds: ['local'] }] };
    await sync(nestOf({ a: {} }));
    await pinToBigMachines('a');
    await waits('a', 1);
    await reconcile(plane.deps, 'a', direct);

    expect(await count()).toBe(0);
    expect((await problems('a')).map(({ code }) => code)).toContain('LIMIT_BROKEN');
  });

  it('counts the machines of a rolled back Egg at their own price for the others', async () => {
    limits = { prices: { local: 0.5, big: 10 }, moneyPerDay: 10.4 * 24 };
    await sync(nestOf({ a: {}, b: { project: 2 } }));
    await waits('a', 1);
    await reconcile(plane.deps, 'a', direct);
    await pinToBigMachines('a');
    await waits('b', 1, 2);
    await reconcile(plane.deps, 'b', direct);

    expect(await count()).toBe(1);
    expect(await problems('b')).toMatchObject([{ code: 'LIMIT_MONEY_PER_DAY' }]);
  });

  it('never gives the last place to two Eggs that are planned at once', async () => {
    limits = { prices: {}, machines: 1 };
    await sync(nestOf({ a: { concurrent: 1 }, b: { project: 2, concurrent: 1 } }));
    await waits('a', 1);
    await waits('b', 1, 2);

    await Promise.allSettled([reconcile(plane.deps, 'a', direct), reconcile(plane.deps, 'b', direct)]);
    await Promise.allSettled([reconcile(plane.deps, 'a', direct), reconcile(plane.deps, 'b', direct)]);

    expect(await count()).toBe(1);
  });

  it('counts launches beyond one transaction whole', async () => {
    limits = { prices: {}, machinesPerDay: 100 };
    await sync(nestOf({ a: { concurrent: 12 } }));
    await waits('a', 12);
    await reconcile(plane.deps, 'a', direct);

    expect(await count()).toBe(12);
    const ledger = (await plane.recording.rows('egg_state')).find((row) => row['egg_name'] === '#launches');
    expect(ledger?.['launches']).toMatchObject({ eggs: { a: 12 } });
  });
});
