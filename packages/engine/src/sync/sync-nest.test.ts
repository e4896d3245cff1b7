import { storeErrors } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { withFaults } from '../testing/with-faults.ts';
import { syncNest } from './sync-nest.ts';

let plane: ControlPlane;
const me = { tokenId: 't', name: 'me', role: 'admin' } as const;

async function aPlane(over: Partial<ControlPlaneOptions> = {}) {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), ...over });
  return plane;
}

beforeEach(async () => {
  await aPlane();
});

const many = (count: number) =>
  nestOf(Object.fromEntries(Array.from({ length: count }, (_, n) => [`egg-${n}`, {}])));

async function sync(
  files: Readonly<Record<string, string>>,
  onto?: { parent: string | undefined },
): Promise<string> {
  const commit = plane.git.commit(files, onto);
  await syncNest(plane.deps, direct);
  return commit;
}

async function eggs(): Promise<string[]> {
  const rows = (await plane.recording.rows('egg_configs')).filter(({ kind }) => kind === 'egg');
  return rows.map((row) => `${row['name']} ${row['status']}`).toSorted();
}

async function lastSync() {
  return (await plane.recording.rows('sync_history')).at(-1);
}

describe('syncNest', () => {
  it('takes new, changed and removed Eggs in, each with an audit row and a wake-up', async () => {
    await sync(nestOf({ a: {}, b: {} }));
    await sync(nestOf({ a: { tags: ['other'] }, c: {} }));

    expect(await eggs()).toEqual(['a active', 'b draining', 'c active']);
    const audit = (await plane.recording.rows('audit_logs')).map(
      (row) => `${row['action']} ${row['resource_id']}`,
    );
    expect(audit.toSorted()).toEqual([
      'egg_changed a',
      'egg_new a',
      'egg_new b',
      'egg_new c',
      'egg_removed b',
    ]);
    expect(await lastSync()).toMatchObject({
      status: 'success',
      changes_detected: { new: ['c'], changed: ['a'], removed: ['b'] },
    });
    const woken = (await plane.recording.rows('outbox')).map((row) => row['merge_key']);
    expect(woken).toEqual(
      expect.arrayContaining(['reconcile a', 'bind a', 'reconcile b', 'bind b', 'bind c']),
    );
  });

  it('records an unchanged commit and does nothing else', async () => {
    await sync(nestOf({ a: {} }));
    const before = await plane.recording.rows('egg_configs');
    await syncNest(plane.deps, direct);

    expect(await plane.recording.rows('egg_configs')).toEqual(before);
    expect(await lastSync()).toMatchObject({ status: 'success', changes_detected: { unchanged: true } });
  });

  it('keeps the last good version of a file with errors, says where, and goes on with the others', async () => {
    await sync(nestOf({ a: {}, b: {} }));
    await sync({ ...nestOf({ b: { tags: ['new'] } }), 'Eggs/a/config.fly': 'egg "a" {\n  type = 7\n}\n' });

    expect(await eggs()).toEqual(['a invalid', 'b active']);
    const [row] = (await plane.recording.rows('egg_configs')).filter(({ name }) => name === 'a');
    expect(row).toMatchObject({
      problem: { file: 'Eggs/a/config.fly', line: expect.any(Number) },
      config: { runner: { tags: ['linux'] } },
    });
    expect(await lastSync()).toMatchObject({
      status: 'partial',
      changes_detected: { invalid: ['a'], changed: ['b'] },
    });

    await sync(nestOf({ a: {}, b: { tags: ['new'] } }));
    expect(await eggs()).toEqual(['a active', 'b active']);
  });

  it('keeps an Egg whose file was renamed and broken in one commit, until the file is mended', async () => {
    await sync(nestOf({ a: {}, b: {} }));
    await sync({ ...nestOf({ b: {} }), 'Eggs/renamed/config.fly': 'egg "a" {\n  type = 7\n}\n' });

    expect(await eggs()).toEqual(['a invalid', 'b active']);
    const [row] = (await plane.recording.rows('egg_configs')).filter(({ name }) => name === 'a');
    expect(row?.['problem']).toMatchObject({
      file: 'Eggs/renamed/config.fly',
      line: expect.any(Number),
      message: expect.stringContaining(
        'Egg a may stand in this file, which has errors, so it is not removed',
      ),
    });

    const [, text] = Object.entries(nestOf({ a: { tags: ['new'] } }))[0] ?? [];
    await sync({ ...nestOf({ b: {} }), 'Eggs/renamed/config.fly': String(text) });
    expect(await eggs()).toEqual(['a active', 'b active']);
  });

  it('keeps an Egg that was moved into a broken file of another, and removes one of which no file speaks', async () => {
    await sync(nestOf({ a: {}, b: {}, c: {} }));
    const both = `${nestOf({ b: {} })['Eggs/b/config.fly']}egg "a" {\n  type = 7\n}\n`;
    await sync({ 'Eggs/b/config.fly': both });

    expect(await eggs()).toEqual(['a invalid', 'b invalid', 'c draining']);
  });

  it('keeps each Egg that may stand in a file too big to be read', async () => {
    await sync(nestOf({ a: {}, b: {}, c: {} }));
    const { 'Eggs/a/config.fly': text = '', ...others } = nestOf({ a: {}, b: {} });
    await sync({ ...others, 'Eggs/a/config.fly': `${text}#${'x'.repeat(1 << 20)}\n` });

    expect(await eggs()).toEqual(['a invalid', 'b active', 'c invalid']);
    const [row] = (await plane.recording.rows('egg_configs')).filter(({ name }) => name === 'a');
    expect(row?.['problem']).toMatchObject({ code: 'FLY091', file: 'Eggs/a/config.fly' });
  });

  it('keeps an Egg whose file has bytes that are no text', async () => {
    await sync(nestOf({ a: {}, b: {} }));
    await sync({ ...nestOf({ b: {} }), 'Eggs/a/config.fly': 'egg "\ufffd" {\n}\n' });

    expect(await eggs()).toEqual(['a invalid', 'b active']);
  });

  it('writes nothing more once another holder may have synced a newer commit', async () => {
    let isTaken = false;
    const wrapStore: ControlPlaneOptions['wrapStore'] = (store) => ({
      ...store,
      async commit(unit, options) {
        const isEgg = unit.some((write) => write.kind === 'update' && write.key.partition === 'a');
        if (isEgg && !isTaken) {
          isTaken = true;
          const key = { table: 'leases', partition: 'sync' } as const;
          const set = { holder: 'another', fence: 99 };
          await store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], options);
        }
        return store.commit(unit, options);
      },
    });
    await aPlane({ wrapStore });
    plane.git.commit(nestOf({ a: {} }));

    await expect(syncNest(plane.deps, direct)).rejects.toMatchObject({ code: 'LEASE_LOST' });

    expect(await eggs()).toEqual([]);
    expect(await plane.recording.rows('sync_history')).toEqual([]);
    expect(await plane.recording.rows('egg_configs')).toMatchObject([{ name: 'nest', git_commit: '' }]);
  });

  it('does a sync again that was left half, and names the last whole commit until then', async () => {
    let isCut = false;
    const wrapStore: ControlPlaneOptions['wrapStore'] = (store) => ({
      ...store,
      commit(unit, options) {
        const isB = unit.some((write) => write.kind === 'update' && write.key.partition === 'b');
        return isCut && isB ? Promise.reject(new RangeError('killed')) : store.commit(unit, options);
      },
    });
    await aPlane({ wrapStore });
    const whole = await sync(nestOf({ a: {} }));
    const commitShown = async () => (await plane.engine().queries.health(direct)).nest.commit;
    isCut = true;
    const next = plane.git.commit(nestOf({ a: { tags: ['new'] }, b: {} }));
    await expect(syncNest(plane.deps, direct)).rejects.toThrow('killed');
    expect(await commitShown()).toBe(whole);

    isCut = false;
    await syncNest(plane.deps, direct);

    expect(await eggs()).toEqual(['a active', 'b active']);
    expect(await commitShown()).toBe(next);
  });

  it('goes back to the commit before though the next one was left half', async () => {
    let isCut = false;
    const wrapStore: ControlPlaneOptions['wrapStore'] = (store) => ({
      ...store,
      commit(unit, options) {
        const isB = unit.some((write) => write.kind === 'update' && write.key.partition === 'b');
        return isCut && isB ? Promise.reject(new RangeError('killed')) : store.commit(unit, options);
      },
    });
    await aPlane({ wrapStore });
    const whole = await sync(nestOf({ a: {}, b: {} }));
    isCut = true;
    plane.git.commit(nestOf({ a: { tags: ['new'] }, b: { tags: ['new'] } }));
    await expect(syncNest(plane.deps, direct)).rejects.toThrow('killed');
    isCut = false;
    const tagsOf = async () =>
      (await plane.recording.rows('egg_configs')).flatMap(({ name, config }) =>
        name === 'a' ? [JSON.stringify(config)] : [],
      );

    const head = { commit: whole, branch: 'main', committedAt: 0 };
    await syncNest(
      { ...plane.deps, git: { ...plane.git.reader, fetch: () => Promise.resolve(head) } },
      direct,
    );

    expect((await tagsOf()).join()).not.toContain('new');
  });

  it('keeps the back-off of an Egg whose configuration is the same again', async () => {
    const key = { table: 'egg_state', partition: 'a' } as const;
    const failures = async () => (await plane.recording.rows('egg_state'))[0]?.['failures'];
    await sync(nestOf({ a: {} }));
    await plane.deps.store.commit(
      [{ kind: 'update', key, set: { failures: 4 }, when: { kind: 'any' } }],
      direct,
    );
    await sync({ 'Eggs/a/config.fly': 'egg "a" {\n  type = 7\n}\n' });
    await sync(nestOf({ a: {} }));
    expect(await failures()).toBe(4);

    await sync(nestOf({ a: { tags: ['new'] } }));
    expect(await failures()).toBe(0);
  });

  it('holds a commit that removes too much until it is confirmed', async () => {
    await sync(many(10));
    const commit = await sync(many(5));

    expect((await eggs()).filter((egg) => egg.endsWith('draining'))).toEqual([]);
    expect(await lastSync()).toMatchObject({ status: 'held', error_message: expect.stringContaining('5') });

    await plane.engine().commands.sync(me, { confirm: commit }, direct);
    await syncNest(plane.deps, direct);
    expect((await eggs()).filter((egg) => egg.endsWith('draining'))).toHaveLength(5);
    expect(await lastSync()).toMatchObject({ status: 'success' });
  });

  it('holds a branch that was rewound', async () => {
    const first = await sync(nestOf({ a: {} }));
    await sync(nestOf({ a: {}, b: {} }));
    await sync(nestOf({ a: {}, c: {} }), { parent: first });

    expect(await lastSync()).toMatchObject({ status: 'held' });
    expect(await eggs()).toEqual(['a active', 'b active']);
  });

  it('records a sync that failed', async () => {
    await expect(syncNest(plane.deps, direct)).rejects.toMatchObject({ code: 'GIT_EMPTY_REPOSITORY' });

    expect(await lastSync()).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('GIT_EMPTY_REPOSITORY'),
    });
  });

  it('brings an Egg back that was removed', async () => {
    await sync(nestOf({ a: {}, b: {} }));
    await sync(nestOf({ a: {} }));
    await sync(nestOf({ a: {}, b: {} }));

    expect(await eggs()).toEqual(['a active', 'b active']);
  });

  it('does everything over when machines must be made anew by hand', async () => {
    await sync(nestOf({ a: {} }));
    const deps = { ...plane.deps, settings: { ...plane.deps.settings, machineRevision: 2 } };
    await syncNest(deps, direct);

    expect(await lastSync()).toMatchObject({ changes_detected: { changed: ['a'] } });
  });

  it('is busy while another process syncs', async () => {
    const key = { table: 'leases', partition: 'sync' } as const;
    const set = { holder: 'another', fence: 1, expires_at: 0, acquired_at: 0 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);

    expect(await syncNest(plane.deps, direct)).toBe('busy');
  });

  it('Feature: gitops-runner-orchestration, Property 31: a sync that a crash cut at any write reaches the same rows when it is repeated', async () => {
    const from = nestOf({ a: {}, b: {}, d: {}, e: {} });
    const to = { ...nestOf({ a: { tags: ['x'] }, c: {}, e: {} }), 'Eggs/d/config.fly': 'egg "d" {' };
    const reach = async (failing: number, when: 'before' | 'after') => {
      let calls = 0;
      const error = storeErrors.unavailable({ op: 'commit' });
      const fault = () => (++calls === failing ? { error, when } : undefined);
      const wrap: ControlPlaneOptions['wrap'] = (deps) => ({
        ...deps,
        store: withFaults(deps.store, (method) => (method === 'commit' ? fault() : undefined)),
      });
      await aPlane({ wrap });
      for (const files of [from, to]) {
        plane.git.commit(files);
        for (let attempt = 0; attempt < 4; attempt++) {
          await syncNest(plane.deps, direct).catch(() => undefined);
          await plane.clock.advance(36_000);
        }
      }
      const [nest] = (await plane.recording.rows('egg_configs')).filter(({ kind }) => kind === 'nest');
      const { commit, eggs: known, status } = Object(nest?.['config']);
      return { calls, eggs: await eggs(), nest: { commit, known, status } };
    };
    const whole = await reach(0, 'before');
    for (let failing = 1; failing <= whole.calls; failing++) {
      for (const when of ['before', 'after'] as const) {
        const { eggs: reached, nest } = await reach(failing, when);
        expect({ failing, when, eggs: reached, nest }).toEqual({
          failing,
          when,
          eggs: whole.eggs,
          nest: whole.nest,
        });
      }
    }
    expect(whole.eggs).toEqual(['a active', 'b draining', 'c active', 'd invalid', 'e active']);
  });
});
