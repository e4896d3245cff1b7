import { expect } from 'vitest';
import type { Row, Write } from '../../store.ts';
import {
  absent,
  any,
  type Check,
  coded,
  putJob,
  putRunner,
  putSwitch,
  runnerKey,
  switchKey,
} from '../words/contract.ts';

export function describeValues(check: Check): void {
  const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  check('gives back JSON, booleans, numbers and text as they were', async ({ commit, get }) => {
    const columns = {
      deep: { list: [1, 'two', { three: [null, true] }], empty: {}, none: [] },
      no: false,
      float: 0.1,
      big: Number.MAX_SAFE_INTEGER,
      tiny: -5e-324,
      text: 'ünï\u{1f986}\n\t"\\\u0000 end',
      nothing: '',
    };
    await commit(putSwitch('a', any, columns));
    expect(await get(switchKey('a'))).toMatchObject(columns);
  });
  check('gives back bytes as they were, also sealed ones', async ({ commit, get }) => {
    await commit(putRunner('r1', { entry: allBytes, plain: new Uint8Array(), also: allBytes.slice(3) }));
    const row = await get(runnerKey('r1'));
    expect(row).toMatchObject({ entry: allBytes, plain: new Uint8Array(), also: allBytes.slice(3) });
  });
  check('keeps a sealed column through updates of others', async ({ commit, get, list }) => {
    await commit(putRunner('r1', { entry: allBytes }));
    await commit({ kind: 'update', key: runnerKey('r1'), set: { state: 'idle' }, when: any });
    expect(await get(runnerKey('r1'))).toMatchObject({ entry: allBytes, state: 'idle' });
    await commit({ kind: 'update', key: runnerKey('r1'), set: { entry: allBytes.slice(9) }, when: any });
    const listed = await list({ table: 'runners', index: 'egg_name', partition: 'my-egg' });
    expect(listed).toMatchObject([{ entry: allBytes.slice(9) }]);
  });
  check('takes keys and columns of any name', async ({ commit, get }) => {
    const names = ['__proto__', 'constructor', 'ключ\u{1f986}', "'; DROP TABLE runners; --", 'a"b', '%_'];
    for (const name of names) {
      const odd = Object.fromEntries(names.map((column) => [column, `${column} of ${name}`]));
      await commit(putSwitch(name, absent, odd));
    }
    for (const name of names) {
      const row = await get(switchKey(name));
      for (const column of names) {
        expect(Object.getOwnPropertyDescriptor(row, column)?.value).toBe(`${column} of ${name}`);
      }
    }
  });
  check('makes text well-formed', async ({ commit, get }) => {
    await commit(putSwitch('a\ud800', any, { why: 'b\udfff' }));
    expect(await get(switchKey('a\ufffd'))).toMatchObject({ why: 'b\ufffd' });
    expect(await get(switchKey('a\ud800'))).toBeDefined();
  });
  check('refuses what some engine could not keep', async ({ commit, list }) => {
    const odd: readonly unknown[] = [null, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), () => 1, 1n];
    for (const value of [...odd, { deep: [new Map()] }]) {
      const write = putSwitch('a', any, { odd: value } as Row);
      await expect(commit(write)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    }
    expect(await list({ table: 'switches' })).toEqual([]);
  });
  check('refuses keys and index columns that are empty or of another type', async ({ commit }) => {
    const bad: readonly Write[] = [
      putSwitch('', any),
      putSwitch('a\0b', any),
      putJob('p', Number.NaN),
      putJob('p', 1, { open: '' }),
      putJob('p', 1, { open: 5 }),
      putJob('p', 1, { open: 'egg', queued_at: 'late' }),
    ];
    for (const write of bad) await expect(commit(write)).rejects.toEqual(coded('STORE_BAD_UNIT'));
  });
  check('keeps its own copy of what it is given and gives', async ({ commit, get }) => {
    const tags = ['a'];
    const entry = Uint8Array.of(1, 2);
    await commit(putRunner('r1', { tags, entry }));
    tags.push('b');
    entry.fill(9);
    const given = (await get(runnerKey('r1')))?.['entry'];
    if (given instanceof Uint8Array) given.fill(7);
    expect(await get(runnerKey('r1'))).toMatchObject({ tags: ['a'], entry: Uint8Array.of(1, 2) });
  });
}
