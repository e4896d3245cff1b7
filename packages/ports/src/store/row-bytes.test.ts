import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMoved } from './moved-value.ts';
import { mostRowBytes, mostValueBytes, rowBytes, valueBytes } from './row-bytes.ts';
import type { ColumnValue } from './store.ts';

const aValue = fc.oneof(
  fc.jsonValue().map((value) => value as ColumnValue),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.uint8Array({ maxLength: 50 }),
  fc.nat().map((bytes) => toMoved({ sha256: 'a'.repeat(64), form: 'json', bytes })),
);

describe('mostRowBytes', () => {
  it('is never less than the size of the row', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), aValue), (row) => {
        expect(mostRowBytes(row)).toBeGreaterThanOrEqual(rowBytes(row));
      }),
    );
  });

  it('is never less than the size of a value', () => {
    fc.assert(
      fc.property(aValue, (value) => {
        expect(mostValueBytes(value)).toBeGreaterThanOrEqual(valueBytes(value));
      }),
    );
  });
});
