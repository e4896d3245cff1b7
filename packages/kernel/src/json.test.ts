import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson, stableJson } from './json.ts';

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

it('answers the value of a JSON text, and nothing for what is none', () => {
  expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] });
  expect(parseJson('null')).toBeNull();
  expect(['', '{"a":', 'undefined', "{'a':1}"].map(parseJson)).toEqual(Array(4).fill(undefined));
});
