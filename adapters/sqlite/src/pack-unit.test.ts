import type { Unit } from '@polar-gosling/ports/store';
import { describe, expect, it } from 'vitest';
import { packUnit, unpackUnit } from './pack-unit.ts';

const key = { table: 'switches', partition: 'a' } as const;
const putOf = (why: string | Uint8Array): Unit => [
  {
    kind: 'put',
    table: 'switches',
    row: { name: 'a', why, inner: { list: [1, null, 'é'] } },
    when: { kind: 'any' },
  },
  { kind: 'delete', key, when: { kind: 'version', version: 3 } },
];
const updateOf = (by: string | undefined): Unit => [
  { kind: 'update', key, set: { by }, add: { number: 1 }, when: { kind: 'lease', fence: 7, holder: 'h' } },
  { kind: 'check', key: { ...key, partition: 'b' }, when: { kind: 'present' } },
];

describe('a unit on its way to the thread', () => {
  it.each([
    ['columns that are JSON', putOf('so')],
    ['an update', updateOf('me')],
  ])('is text with %s', (_, unit) => {
    const packed = packUnit(unit);

    expect(packed).toBeTypeOf('string');
    expect(unpackUnit(packed)).toStrictEqual(unit);
  });

  it.each([
    ['bytes', putOf(new Uint8Array([1, 2]))],
    ['a column that is removed', updateOf(undefined)],
  ])('keeps %s, which no JSON can say', (_, unit) => {
    expect(unpackUnit(structuredClone(packUnit(unit)))).toStrictEqual(unit);
  });
});
