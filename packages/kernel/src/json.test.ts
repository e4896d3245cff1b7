import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stableJson } from './json.ts';

it('sorts the keys of every object, and leaves lists in their order', () => {
  expect(stableJson({ b: [{ z: 1, a: 2 }, 'x'], a: null })).toBe('{"a":null,"b":[{"a":2,"z":1},"x"]}');
});

it('leaves out what JSON leaves out', () => {
  expect(stableJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

it('gives equal text for equal values in another order of keys, and reads back to the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed());

      expect(stableJson(reversed)).toBe(stableJson(value));
      expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
