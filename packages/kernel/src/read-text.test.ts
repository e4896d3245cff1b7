import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readText } from './read-text.ts';

describe('readText', () => {
  it('joins the parts, also where one ends inside a character', async () => {
    const bytes = Buffer.from('a🦆b');

    expect(await readText(Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]), 6)).toBe('a🦆b');
  });

  it('reads no more than is allowed, and ends the source', async () => {
    const source = Readable.from([Buffer.from('abc'), Buffer.from('def'), Buffer.from('never')]);

    expect(await readText(source, 5)).toBeUndefined();
    expect(source.destroyed).toBe(true);
  });
});
