import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createReportPace } from './report-pace.ts';

/** Sends reports as the pace says, for `ms`, and answers when. */
async function sent(ms: number, intervalMs: number, hurryAt: readonly number[] = []): Promise<number[]> {
  const clock = createFakeClock();
  const ending = new AbortController();
  const pace = createReportPace(clock);
  const times: number[] = [];
  const loop = (async () => {
    for (;;) {
      await pace.next(intervalMs, ending.signal);
      times.push(clock.monotonic());
    }
  })().catch(() => undefined);
  for (let now = 0; now < ms; now += 100) {
    if (hurryAt.includes(now)) pace.hurry();
    await clock.advance(100);
  }
  ending.abort();
  await loop;
  return times;
}

describe('report pace', () => {
  it('follows the interval while nothing changes', async () => {
    expect(await sent(30_500, 10_000)).toEqual([10_000, 20_000, 30_000]);
  });

  it('reports a change at once, and the interval starts anew', async () => {
    expect(await sent(15_000, 10_000, [3_000])).toEqual([3_000, 13_000]);
  });

  it('lets a few changes in a row through, then one a second', async () => {
    const often = Array.from({ length: 50 }, (_, index) => index * 100);

    const times = await sent(5_000, 60_000, often);

    expect(times.slice(0, 3)).toEqual([0, 100, 200]);
    expect(times.length).toBeLessThanOrEqual(9);
  });

  it('never waits longer than a minute', async () => {
    expect(await sent(61_000, 3_600_000)).toEqual([60_000]);
  });
});
