import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeLayers } from './merge.ts';

function merge(...layers: object[]): unknown {
  return JSON.parse(JSON.stringify(mergeLayers(layers)));
}

describe('mergeLayers', () => {
  it('replaces attributes and lists, and merges blocks and maps', () => {
    const below = { type: 'vm', runner: { tags: ['a', 'b'], concurrent: 1 } };

    expect(merge(below, { runner: { tags: ['c'] } })).toEqual({
      type: 'vm',
      runner: { tags: ['c'], concurrent: 1 },
    });
  });

  it('merges labelled blocks by label', () => {
    const below = {
      rule: [
        { label: 'a', x: 1 },
        { label: 'b', x: 2 },
      ],
    };
    const above = {
      rule: [
        { label: 'b', y: 3 },
        { label: 'c', x: 4 },
      ],
    };

    expect(merge(below, above)).toEqual({
      rule: [
        { label: 'a', x: 1 },
        { label: 'b', x: 2, y: 3 },
        { label: 'c', x: 4 },
      ],
    });
    expect(merge({ rule: [] }, above)).toEqual(above);
  });

  it('removes what is null, and leaves no null behind', () => {
    expect(merge({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: null } })).toEqual({ b: { d: 3 } });
    expect(merge({}, { b: { c: null } })).toEqual({ b: {} });
  });

  it('takes names like __proto__ for names', () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"a": 1}}');

    merge({}, hostile, hostile);

    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(merge({ constructor: { b: 2 } }, hostile)).toMatchObject({ constructor: { a: 1, b: 2 } });
  });

  it('is the same however layers are grouped, and an empty layer changes nothing', () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()));
    const layer = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(leaf, fc.dictionary(fc.string(), leaf)),
    );
    fc.assert(
      fc.property(layer, layer, layer, (one, two, three) => {
        const atOnce = merge(one, two, three);

        expect(merge(mergeLayers([one, two]), three)).toEqual(atOnce);
        expect(merge(one, {}, two, three, {})).toEqual(atOnce);
      }),
    );
  });
});
