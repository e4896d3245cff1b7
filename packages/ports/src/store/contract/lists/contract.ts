import { expect } from 'vitest';
import type { Row, StoreQuery, Write } from '../../store.ts';
import {
  absent,
  any,
  atVersion,
  type Check,
  coded,
  jobKey,
  options,
  pagesOf,
  putJob,
  putRunner,
  putSwitch,
  switchKey,
  type Words,
} from '../words/contract.ts';

export function describeReads(check: Check): void {
  check('answers undefined at the place of a missing row', async ({ store, commit }) => {
    await commit(putSwitch('b', any));
    const rows = await store.get([switchKey('a'), switchKey('b'), switchKey('b')], options);
    expect(rows.map((row) => row?.['name'])).toEqual([undefined, 'b', 'b']);
  });
  check('reads rows of several tables at once', async ({ store, commit }) => {
    await commit(putSwitch('a', any), putJob('p', 1));
    const rows = await store.get([jobKey('p', 1), switchKey('a')], options);
    expect(rows.map((row) => row?.['version'])).toEqual([1, 1]);
  });
  check('refuses a key without its sort key, or with one too many', async ({ store }) => {
    const without = store.get([{ table: 'ci_jobs', partition: 'p' }], options);
    await expect(without).rejects.toEqual(coded('STORE_BAD_UNIT'));
    const tooMany = store.get([{ ...switchKey('a'), sort: 'x' }], options);
    await expect(tooMany).rejects.toEqual(coded('STORE_BAD_UNIT'));
  });
  check('reads what was acknowledged, at once', async ({ commit, get }) => {
    for (let round = 1; round <= 20; round++) {
      await commit(putSwitch('a', any, { round }));
      expect(await get(switchKey('a'))).toMatchObject({ round, version: round });
    }
  });
}

export function describeLists(check: Check): void {
  const ids = (rows: readonly Row[]) => rows.map((row) => row['job_id']);
  check('lists a partition by its number, both ways', async ({ commit, list }) => {
    await commit(...[10, 9, 100, -1, 2.5].map((id) => putJob('p', id)), putJob('pp', 5));
    expect(ids(await list({ table: 'ci_jobs', partition: 'p' }))).toEqual([-1, 2.5, 9, 10, 100]);
    const down = await list({ table: 'ci_jobs', partition: 'p', order: 'desc' });
    expect(ids(down)).toEqual([100, 10, 9, 2.5, -1]);
  });
  check('sorts text by code point', async ({ commit, list }) => {
    const items = ['a', 'B', 'a0', 'é', '\uffee', '\u{1f986}', '_'];
    await commit(
      ...items.map(
        (item): Write => ({
          kind: 'put',
          table: 'egg_members',
          row: { egg_name: 'e', item, state: 'x' },
          when: any,
        }),
      ),
    );
    const rows = await list({ table: 'egg_members', partition: 'e' });
    expect(rows.map((row) => row['item'])).toEqual(['B', '_', 'a', 'a0', 'é', '\uffee', '\u{1f986}']);
  });
  check('takes bounds as inclusive', async ({ commit, list }) => {
    await commit(...[1, 2, 3, 4].map((id) => putJob('p', id)));
    expect(ids(await list({ table: 'ci_jobs', partition: 'p', from: 2, to: 3 }))).toEqual([2, 3]);
    expect(ids(await list({ table: 'ci_jobs', partition: 'p', from: 3 }))).toEqual([3, 4]);
    expect(ids(await list({ table: 'ci_jobs', partition: 'p', to: 1.5, order: 'desc' }))).toEqual([1]);
  });
  check('lists an index by its sort column, equal ones too', async ({ commit, list }) => {
    const at = { 1: 30, 2: 10, 3: 10, 4: 20 };
    for (const [id, queued_at] of Object.entries(at)) {
      await commit(putJob('p', Number(id), { open: 'egg', queued_at }));
    }
    const query = { table: 'ci_jobs', index: 'open', partition: 'egg' } as const;
    expect(ids(await list(query))).toEqual([2, 3, 4, 1]);
    expect(ids(await list({ ...query, from: 10, to: 20 }))).toEqual([2, 3, 4]);
    expect(ids(await list({ ...query, order: 'desc', limit: 1 }))).toEqual([1, 4, 3, 2]);
  });
  check('leaves a row without the index columns out of the index', async ({ commit, list }) => {
    await commit(putRunner('r1', { state: 'idle' }), putRunner('r2', { state: 'idle', deadline_at: 5 }));
    const rows = await list({ table: 'runners', index: 'state', partition: 'idle' });
    expect(rows.map((row) => row['id'])).toEqual(['r2']);
  });
  check('reads a small table whole, and no other', async ({ store, commit, list }) => {
    await commit(putSwitch('b', any), putSwitch('a', any));
    const rows = await list({ table: 'switches', limit: 1 });
    expect(rows.map((row) => row['name'])).toEqual(['a', 'b']);
    await expect(store.list({ table: 'runners' }, options)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    const indexWhole = store.list({ table: 'runners', index: 'state' }, options);
    await expect(indexWhole).rejects.toEqual(coded('STORE_BAD_UNIT'));
  });
  check('refuses queries that no engine answers', async ({ store }) => {
    const bad: readonly StoreQuery[] = [
      { table: 'ci_jobs', index: 'nothing', partition: 'p' },
      { table: 'ci_jobs', partition: 'p', from: 'text' },
      { table: 'ci_jobs', partition: 'p', limit: 0 },
      { table: 'ci_jobs', partition: '' },
      { table: 'switches', partition: 'a', from: 'b' },
    ];
    for (const query of bad) {
      await expect(store.list(query, options)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    }
  });
}

export function describePaging(check: Check): void {
  const query = { table: 'ci_jobs', index: 'open', partition: 'egg' } as const;
  const fill = (commit: Words['commit']) =>
    commit(...Array.from({ length: 25 }, (_, id) => putJob('p', id, { open: 'egg', queued_at: id % 4 })));
  check('gives every row once over pages of any size, both ways', async ({ store, commit }) => {
    await fill(commit);
    for (const limit of [1, 2, 7, 24, 25, 26]) {
      const pages = await pagesOf(store, { ...query, limit });
      const down = await pagesOf(store, { ...query, limit, order: 'desc' });
      const ids = pages.flatMap(({ items }) => items).map((row) => row['job_id']);
      expect(pages.every(({ items }) => items.length <= limit)).toBe(true);
      expect(new Set(ids).size).toBe(25);
      expect(ids).toHaveLength(25);
      expect(down.flatMap(({ items }) => items).map((row) => row['job_id'])).toEqual(ids.toReversed());
    }
  });
  check('goes on where it was when rows come and go', async ({ store, commit }) => {
    await fill(commit);
    const first = await store.list({ table: 'ci_jobs', partition: 'p', limit: 10 }, options);
    await commit(
      { kind: 'delete', key: jobKey('p', 9), when: any },
      { kind: 'delete', key: jobKey('p', 10), when: any },
      putJob('p', 3.5),
      putJob('p', 11.5),
    );
    const cursor = String(first.cursor);
    const next = await store.list({ table: 'ci_jobs', partition: 'p', limit: 3, cursor }, options);
    expect(next.items.map((row) => row['job_id'])).toEqual([11, 11.5, 12]);
  });
  check('refuses a cursor of another kind', async ({ store }) => {
    for (const cursor of ['', 'nonsense', '%', '%5B%5D', '{"a":1}', encodeURIComponent('[{},1,2]')]) {
      await expect(store.list({ ...query, cursor }, options)).rejects.toEqual(coded('STORE_BAD_CURSOR'));
    }
  });
  check('caps a page at 1,000 rows', async ({ store, commit }) => {
    for (let start = 0; start < 1_025; start += 25) {
      await commit(...Array.from({ length: 25 }, (_, place) => putJob('p', start + place)));
    }
    const page = await store.list({ table: 'ci_jobs', partition: 'p', limit: 5_000 }, options);
    expect(page.items.length).toBeLessThanOrEqual(1_000);
    expect(page.cursor).toBeDefined();
  });
}

export function describeExpiry(check: Check): void {
  check('forgets a row after its end, not at it', async ({ clock, commit, get, list }) => {
    await commit(putJob('p', 1, { open: 'egg', expires_at: clock.now() + 10 }));
    await clock.advance(10);
    expect(await get(jobKey('p', 1))).toBeDefined();
    await clock.advance(1);
    expect(await get(jobKey('p', 1))).toBeUndefined();
    expect(await list({ table: 'ci_jobs', partition: 'p' })).toEqual([]);
    expect(await list({ table: 'ci_jobs', index: 'open', partition: 'egg' })).toEqual([]);
  });
  check('takes an expired row for absent in every condition', async ({ clock, commit, get }) => {
    await commit(putJob('p', 1, { name: 'old', expires_at: clock.now() - 1 }));
    expect(await commit({ kind: 'check', key: jobKey('p', 1), when: atVersion(1) })).toMatchObject({
      item: 0,
    });
    expect(await commit({ kind: 'check', key: jobKey('p', 1), when: absent })).toEqual({ kind: 'ok' });
    await commit({ kind: 'update', key: jobKey('p', 1), set: { ref: 'main' }, when: any });
    const row = await get(jobKey('p', 1));
    expect(row).toMatchObject({ ref: 'main', version: 1 });
    expect(row).not.toHaveProperty('name');
  });
  check('keeps expired rows out of pages', async ({ clock, commit, list }) => {
    const expires_at = clock.now() - 1;
    await commit(
      ...Array.from({ length: 20 }, (_, id) => putJob('p', id, id % 3 === 0 ? {} : { expires_at })),
    );
    const rows = await list({ table: 'ci_jobs', partition: 'p', limit: 2 });
    expect(rows.map((row) => row['job_id'])).toEqual([0, 3, 6, 9, 12, 15, 18]);
  });
}

export function describeSignals(check: Check): void {
  check('does nothing for a caller who has given up', async ({ store, get }) => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(store.get([switchKey('a')], { signal })).rejects.toThrow('gone');
    await expect(store.list({ table: 'switches' }, { signal })).rejects.toThrow('gone');
    await expect(store.commit([putSwitch('a', any)], { signal })).rejects.toThrow('gone');
    expect(await get(switchKey('a'))).toBeUndefined();
  });
  check('answers commits under way when it is closed', async ({ store, commit }) => {
    const commits = Array.from({ length: 30 }, (_, place) => commit(putSwitch(`s${place}`, any)));
    await store.close();
    expect(new Set((await Promise.all(commits)).map(({ kind }) => kind))).toEqual(new Set(['ok']));
  });
}
