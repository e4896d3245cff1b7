import { describe, expect, it } from 'vitest';
import { createFakeClock, createSeededIds } from './index.ts';

describe('createSeededIds', () => {
  it('gives the same again for the same seed', () => {
    const make = (seed: number) => {
      const ids = createSeededIds(seed, createFakeClock());
      return [ids.next(), ids.token(16), ids.random()];
    };

    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it('gives ids of the real form that rise, also when the clock goes back', async () => {
    const clock = createFakeClock();
    const ids = createSeededIds(1, clock);
    const made: string[] = [];
    for (let round = 0; round < 100; round++) {
      made.push(ids.next());
      clock.jump(round % 3 === 0 ? -10 : 1);
    }

    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(100);
    for (const id of made) expect(id).toMatch(/^[0-9a-z]{26}$/);
  });

  it('gives chance in [0, 1) and tokens of their length', () => {
    const ids = createSeededIds(5, createFakeClock());
    const numbers = Array.from({ length: 1_000 }, () => ids.random());

    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(Buffer.from(ids.token(32), 'base64url')).toHaveLength(32);
  });
});
