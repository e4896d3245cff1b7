import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRow } from './read-row.ts';

const Shape = z.object({ state: z.enum(['idle', 'active']), count: z.number() });

describe('readRow', () => {
  it.each([
    ['runners', { id: 'r1', state: 'canary77', count: 1 }, '["r1"]: state'],
    [
      'ci_jobs',
      { server_project: 'host#1', job_id: 7, state: 'idle', count: 'canary77' },
      '["host#1",7]: count',
    ],
    ['runners', { state: 'canary77' }, '[]: state'],
  ])('names a row of %s by its key and the column, and shows no value', (table, row, place) => {
    const reading = () => readRow(Shape, table, row);

    expect(reading).toThrow(expect.objectContaining({ code: 'STORE_BAD_ROW' }));
    expect(reading).toThrow(place);
    expect(reading).not.toThrow('canary77');
  });
});
