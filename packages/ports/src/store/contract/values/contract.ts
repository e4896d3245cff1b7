import { expect } from 'vitest';
import { maxRowBytes, type Row, type Write } from '../../store.ts';
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
  check('names a row that it refuses by its key, shows no value, and goes on', async ({ commit, get }) => {
    const canary = 'canary77';
    const big = `${canary}${'x'.repeat(maxRowBytes)}`;
    const refused: readonly (readonly [string, string, Write])[] = [
      ['["too-big"]', 'STORE_ITEM_TOO_BIG', putSwitch('too-big', any, { why: big })],
      ['["odd"]', 'STORE_BAD_UNIT', putSwitch('odd', any, { why: { deep: [canary, () => 1] } as never })],
      ['["null"]', 'STORE_BAD_UNIT', putSwitch('null', any, { why: null as never, by: canary })],
      ['["p",7]', 'STORE_BAD_UNIT', putJob('p', 7, { open: 5, name: canary })],
      ['["a"]', 'STORE_BAD_UNIT', { kind: 'update', key: switchKey('a'), set: { name: canary }, when: any }],
    ];
    for (const [key, code, write] of refused) {
      const error: unknown = await commit(putSwitch('beside', any), write).catch((failure) => failure);
      expect(error).toMatchObject({ code, message: expect.stringContaining(key) });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(canary);
    }
    expect(await get(switchKey('beside'))).toBeUndefined();
    expect(await commit(putSwitch('beside', any))).toEqual({ kind: 'ok' });
  });
  check('refuses what some engine could not keep', async ({ commit, list }) => {
    const odd: readonly unknown[] = [null, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), () => 1, 1n];
    for (const value of [...odd, { deep: [new Map()] }]) {
      const write = putSwitch('a', any, { odd: value } as Row);
      await expect(commit(write)).rejects.toEqual(coded('STORE_BAD_UNIT'));
    }
    expect(await list({ table: 'switches' })).toEqual([]);
  });
  check('refuses keys and index columns that are empty, too long or of another type', async ({ commit }) => {
    const bad: readonly Write[] = [
      putSwitch('', any),
      putSwitch('a\0b', any),
      putJob('p', Number.NaN),
      putJob('p', 1, { open: '' }),
      putJob('p', 1, { open: 5 }),
      putJob('p', 1, { open: 'egg', queued_at: 'late' }),
      putJob('p', 1e-200),
      putJob('p', 1, { open: 'egg', queued_at: -1e200 }),
      putJob('é'.repeat(451), 1),
      putSwitch('s'.repeat(901), any),
    ];
    for (const write of bad) await expect(commit(write)).rejects.toEqual(coded('STORE_BAD_UNIT'));
  });
  check('gives back big columns as they were, of every form', async ({ commit, get, list }) => {
    const long = 'ü\u{1f986}"'.repeat(12_000);
    const deep = { list: Array.from({ length: 9_000 }, (_, place) => ({ place })) };
    const bytes = Uint8Array.from({ length: 70_000 }, (_, place) => (place * 7_919) % 251);
    await commit(putRunner('r1', { entry: bytes, metadata: deep }), putSwitch('a', any, { why: long }));
    await commit(putRunner('r2', { plain: bytes, metadata: 'small' }));
    expect(await get(runnerKey('r1'))).toMatchObject({ entry: bytes, metadata: deep });
    expect((await get(switchKey('a')))?.['why'] === long).toBe(true);
    const listed = await list({ table: 'runners', index: 'egg_name', partition: 'my-egg' });
    expect(listed).toMatchObject([
      { id: 'r1', entry: bytes },
      { id: 'r2', plain: bytes, metadata: 'small' },
    ]);
    await commit({ kind: 'update', key: runnerKey('r1'), set: { metadata: 'small' }, when: any });
    expect(await get(runnerKey('r1'))).toMatchObject({ entry: bytes, metadata: 'small', version: 2 });
  });
  check('keeps a value that looks like a place in the blob store', async ({ commit, get }) => {
    const lookalikes = { one: { '~blob': ['0'.repeat(64), 'json', 5] }, two: { '~blob': 1, more: [] } };
    await commit(putSwitch('a', any, lookalikes));
    expect(await get(switchKey('a'))).toMatchObject(lookalikes);
  });
  check('takes keys and index columns of the greatest length', async ({ commit, get, list }) => {
    const long = 'é'.repeat(450);
    await commit(putJob(long, 1, { open: long }), putSwitch(long, any));
    expect(await get(switchKey(long))).toMatchObject({ name: long });
    expect(await list({ table: 'ci_jobs', index: 'open', partition: long })).toHaveLength(1);
    await commit(putRunner(long, { state: 'idle', deadline_at: 5 }));
    expect(await list({ table: 'runners', index: 'state', partition: 'idle' })).toHaveLength(1);
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
