import { expect } from 'vitest';
import type { Unit, Write } from '../../store.ts';
import { maxRowBytes } from '../../store.ts';
import {
  absent,
  any,
  atVersion,
  type Check,
  coded,
  jobKey,
  options,
  present,
  putJob,
  putSwitch,
  switchKey,
} from '../words/contract.ts';

export function describePuts(check: Check): void {
  check('gives a new row version 1 and the time', async ({ clock, commit, get }) => {
    expect(await commit(putSwitch('a', absent))).toEqual({ kind: 'ok' });
    expect(await get(switchKey('a'))).toEqual({ name: 'a', on: true, version: 1, updated_at: clock.now() });
  });
  check('replaces the whole row and counts the version', async ({ clock, commit, get }) => {
    await commit(putSwitch('a', any, { why: 'first' }));
    await clock.advance(5);
    await commit(putSwitch('a', any, { by: 'me' }));
    const row = { name: 'a', on: true, by: 'me', version: 2, updated_at: clock.now() };
    expect(await get(switchKey('a'))).toEqual(row);
  });
  check('sets version and time itself, whatever a row says', async ({ clock, commit, get }) => {
    await commit(putSwitch('a', any, { version: 77, updated_at: 1 }));
    expect(await get(switchKey('a'))).toMatchObject({ version: 1, updated_at: clock.now() });
  });
  check('puts an absent row once', async ({ commit }) => {
    expect(await commit(putSwitch('a', absent))).toEqual({ kind: 'ok' });
    expect(await commit(putSwitch('a', absent))).toEqual({ kind: 'conflict', item: 0 });
  });
  check('removes a row, and a missing one without complaint', async ({ commit, get }) => {
    await commit(putSwitch('a', any));
    expect(await commit({ kind: 'delete', key: switchKey('a'), when: any })).toEqual({ kind: 'ok' });
    expect(await get(switchKey('a'))).toBeUndefined();
    expect(await commit({ kind: 'delete', key: switchKey('a'), when: any })).toEqual({ kind: 'ok' });
  });
  check('starts at version 1 again after a removal', async ({ commit, get }) => {
    await commit(putSwitch('a', any));
    await commit(putSwitch('a', any));
    await commit({ kind: 'delete', key: switchKey('a'), when: atVersion(2) });
    await commit(putSwitch('a', absent));
    expect(await get(switchKey('a'))).toMatchObject({ version: 1 });
  });
}

export function describeUpdates(check: Check): void {
  const update = (
    columns: Omit<Extract<Write, { kind: 'update' }>, 'kind' | 'key' | 'when'>,
    when = any,
  ): Write => ({
    kind: 'update',
    key: switchKey('a'),
    ...columns,
    when,
  });
  check('changes the named columns only', async ({ commit, get }) => {
    await commit(putSwitch('a', any, { by: 'me', why: 'so' }));
    await commit(update({ set: { why: 'else' } }));
    expect(await get(switchKey('a'))).toMatchObject({ by: 'me', why: 'else', version: 2 });
  });
  check('removes a column that is set to undefined', async ({ commit, get }) => {
    await commit(putSwitch('a', any, { by: 'me' }));
    await commit(update({ set: { by: undefined } }));
    expect(await get(switchKey('a'))).not.toHaveProperty('by');
  });
  check('makes the row where there is none', async ({ commit, get }) => {
    await commit(update({ set: { by: 'me' } }));
    expect(await get(switchKey('a'))).toMatchObject({ name: 'a', by: 'me', version: 1 });
  });
  check('does not make a row that must be present', async ({ commit, get }) => {
    expect(await commit(update({ set: { by: 'me' } }, present))).toEqual({ kind: 'conflict', item: 0 });
    expect(await get(switchKey('a'))).toBeUndefined();
  });
  check('adds to a number, an absent one counting as 0', async ({ commit, get }) => {
    await commit(update({ add: { count: 5 } }));
    await commit(update({ add: { count: -7, other: 0.5 } }));
    expect(await get(switchKey('a'))).toMatchObject({ count: -2, other: 0.5 });
  });
  check('counts every one of many additions at once', async ({ commit, get }) => {
    await Promise.all(Array.from({ length: 50 }, () => commit(update({ add: { count: 1 } }))));
    expect(await get(switchKey('a'))).toMatchObject({ count: 50, version: 50 });
  });
  check('refuses to add to what is no number, and to a key', async ({ commit, get }) => {
    await commit(putSwitch('a', any, { by: 'me' }));
    await expect(commit(update({ add: { by: 1 } }))).rejects.toEqual(coded('STORE_BAD_UNIT'));
    await expect(commit(update({ add: { version: 1 } }))).rejects.toEqual(coded('STORE_BAD_UNIT'));
    expect(await get(switchKey('a'))).toMatchObject({ by: 'me', version: 1 });
  });
  check('refuses to change the key of a row', async ({ commit }) => {
    await expect(commit(update({ set: { name: 'b' } }))).rejects.toEqual(coded('STORE_BAD_UNIT'));
    expect(await commit(update({ set: { name: 'a' } }))).toEqual({ kind: 'ok' });
  });
  check('moves a row in its index', async ({ commit, list }) => {
    await commit(putJob('p', 1, { open: 'egg-a' }));
    await commit({ kind: 'update', key: jobKey('p', 1), set: { open: 'egg-b' }, when: any });
    expect(await list({ table: 'ci_jobs', index: 'open', partition: 'egg-a' })).toEqual([]);
    expect(await list({ table: 'ci_jobs', index: 'open', partition: 'egg-b' })).toHaveLength(1);
    await commit({ kind: 'update', key: jobKey('p', 1), set: { open: undefined }, when: any });
    expect(await list({ table: 'ci_jobs', index: 'open', partition: 'egg-b' })).toEqual([]);
  });
}

export function describeConditions(check: Check): void {
  const lease = (fence: number, holder: string): Write => ({
    kind: 'check',
    key: { table: 'leases', partition: 'egg/my-egg' },
    when: { kind: 'lease', fence, holder },
  });
  const putLease = (expiresAt: number): Write => ({
    kind: 'put',
    table: 'leases',
    row: { name: 'egg/my-egg', fence: 4, holder: 'me', expires_at: expiresAt, acquired_at: 0 },
    when: any,
  });
  check('lets one of many win a version', async ({ commit, get }) => {
    await commit(putSwitch('a', any));
    const tries = Array.from({ length: 20 }, (_, by) => commit(putSwitch('a', atVersion(1), { by })));
    const results = await Promise.all(tries);
    expect(results.filter(({ kind }) => kind === 'ok')).toHaveLength(1);
    expect(await get(switchKey('a'))).toMatchObject({ version: 2 });
  });
  check('refuses a version that was, will be, or of no row', async ({ commit }) => {
    await commit(putSwitch('a', any));
    await commit(putSwitch('a', any));
    for (const version of [0, 1, 3]) {
      expect(await commit(putSwitch('a', atVersion(version)))).toEqual({ kind: 'conflict', item: 0 });
    }
    expect(await commit(putSwitch('b', atVersion(1)))).toEqual({ kind: 'conflict', item: 0 });
  });
  check('holds `present` and `absent` against the row', async ({ commit }) => {
    expect(await commit(putSwitch('a', present))).toEqual({ kind: 'conflict', item: 0 });
    await commit(putSwitch('a', any));
    expect(await commit(putSwitch('a', present))).toEqual({ kind: 'ok' });
    const removal = await commit({ kind: 'delete', key: switchKey('a'), when: absent });
    expect(removal).toEqual({ kind: 'conflict', item: 0 });
  });
  check('leaves a row whose removal conflicts', async ({ commit, get }) => {
    await commit(putSwitch('a', any));
    const removal = await commit({ kind: 'delete', key: switchKey('a'), when: atVersion(9) });
    expect(removal).toEqual({ kind: 'conflict', item: 0 });
    expect(await get(switchKey('a'))).toBeDefined();
  });
  check('checks a row without writing it', async ({ commit, get }) => {
    await commit(putSwitch('a', any));
    const checked: Write = { kind: 'check', key: switchKey('a'), when: atVersion(1) };
    expect(await commit(checked, putSwitch('b', any))).toEqual({ kind: 'ok' });
    expect(await get(switchKey('a'))).toMatchObject({ version: 1 });
  });
  check('writes under a lease with its fence and holder, however late', async ({ clock, commit }) => {
    await commit(putLease(clock.now() - 60_000));
    expect(await commit(lease(4, 'me'), putSwitch('a', any))).toEqual({ kind: 'ok' });
  });
  check('writes nothing under a lease with another fence or holder', async ({ clock, commit, get }) => {
    await commit(putLease(clock.now() + 60_000));
    expect(await commit(putSwitch('a', any), lease(3, 'me'))).toEqual({ kind: 'conflict', item: 1 });
    expect(await commit(putSwitch('a', any), lease(5, 'me'))).toEqual({ kind: 'conflict', item: 1 });
    expect(await commit(putSwitch('a', any), lease(4, 'you'))).toEqual({ kind: 'conflict', item: 1 });
    expect(await get(switchKey('a'))).toBeUndefined();
  });
  check('writes nothing under a lease that nobody ever took', async ({ commit, get }) => {
    expect(await commit(lease(4, 'me'), putSwitch('a', any))).toEqual({ kind: 'conflict', item: 0 });
    expect(await get(switchKey('a'))).toBeUndefined();
  });
}

export function describeUnits(check: Check): void {
  check('names the first write whose condition fails and writes nothing', async ({ commit, list }) => {
    await commit(putSwitch('old', any));
    const unit = [putSwitch('a', absent), putSwitch('old', absent), putSwitch('b', present)];
    expect(await commit(...unit)).toEqual({ kind: 'conflict', item: 1 });
    expect(await list({ table: 'switches' })).toHaveLength(1);
  });
  check(
    '64 units in one group, 7 with failing conditions: exactly those 7 conflict',
    async ({ store, list }) => {
      const failing = new Set([0, 5, 17, 31, 32, 50, 63]);
      const units = Array.from(
        { length: 64 },
        (_, place): Unit => [
          putSwitch(`a${place}`, absent),
          putSwitch(`b${place}`, failing.has(place) ? present : absent),
        ],
      );
      const results = await Promise.all(units.map((unit) => store.commit(unit, options)));
      const conflicts = results.flatMap(({ kind }, place) => (kind === 'conflict' ? [place] : []));
      expect(conflicts).toEqual([...failing]);
      expect(await list({ table: 'switches' })).toHaveLength((64 - 7) * 2);
    },
  );
  check('takes 25 writes and refuses 26', async ({ commit, list }) => {
    const writes = Array.from({ length: 26 }, (_, place) => putSwitch(`s${place}`, any));
    expect(await commit(...writes.slice(1))).toEqual({ kind: 'ok' });
    await expect(commit(...writes)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    expect(await list({ table: 'switches' })).toHaveLength(25);
  });
  check('says that it takes writes, whatever it had to refuse of one caller', async ({ store, commit }) => {
    await commit(putSwitch('a', any));
    await commit(putSwitch('a', absent));
    const twice = commit(putSwitch('a', any), putSwitch('a', any));
    await expect(twice).rejects.toEqual(coded('STORE_BAD_UNIT'));

    expect(store.readOnly()).toBeUndefined();
  });
  check('refuses two writes on one row', async ({ commit, get }) => {
    const twice = commit(putSwitch('a', any), { kind: 'check', key: switchKey('a'), when: any });
    await expect(twice).rejects.toEqual(coded('STORE_BAD_UNIT'));
    expect(await get(switchKey('a'))).toBeUndefined();
  });
  check('takes a unit without writes', async ({ commit }) => {
    expect(await commit()).toEqual({ kind: 'ok' });
  });
  check('refuses a row that is too big, and the whole unit with it', async ({ commit, get }) => {
    const big = putSwitch('big', any, { why: 'x'.repeat(maxRowBytes) });
    await expect(commit(putSwitch('a', any), big)).rejects.toEqual(coded('STORE_ITEM_TOO_BIG'));
    expect(await get(switchKey('a'))).toBeUndefined();
  });
  check('refuses an update that makes the row too big', async ({ commit, get }) => {
    const half = 'é'.repeat(maxRowBytes / 4);
    await commit(putSwitch('a', any, { why: half }));
    const more: Write = { kind: 'update', key: switchKey('a'), set: { more: half }, when: any };
    await expect(commit(more)).rejects.toEqual(coded('STORE_ITEM_TOO_BIG'));
    expect(await get(switchKey('a'))).toMatchObject({ version: 1 });
  });
  check('refuses a unit that is too big as a whole', async ({ commit, get }) => {
    const columns = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'x'.repeat(60_000)]));
    const rows = Array.from({ length: 14 }, (_, place) => putSwitch(`s${place}`, any, columns));
    expect(await commit(...rows.slice(0, 12))).toEqual({ kind: 'ok' });
    await expect(commit(...rows)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    expect(await get(switchKey('s13'))).toBeUndefined();
  });
  check('keeps a row of almost the greatest size', async ({ commit, get }) => {
    const why = 'x'.repeat(maxRowBytes - 200);
    await commit(putSwitch('a', any, { why }));
    expect((await get(switchKey('a')))?.['why'] === why).toBe(true);
  });
  check('goes on after a refused unit', async ({ commit }) => {
    const results = await Promise.allSettled([
      commit(putSwitch('a', absent)),
      commit({ kind: 'update', key: switchKey('a'), add: { name: 1 }, when: any }),
      commit(putSwitch('b', absent)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
}
