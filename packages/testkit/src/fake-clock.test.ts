import { pollUntil } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './index.ts';

const { signal } = new AbortController();

describe('createFakeClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = createFakeClock({ start: 1_000 });
    await clock.advance(250);

    expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250]);
  });

  it('lets hours of polling pass at once, each poll at its time', async () => {
    const clock = createFakeClock({ start: 0 });
    const askedAt: number[] = [];
    const check = () => (askedAt.push(clock.now()) === 4 ? 'done' : undefined);

    const done = pollUntil(check, { clock, everyMs: 3_600_000, timeoutMs: 1e9, what: 'it', signal });
    await clock.advance(12 * 3_600_000);

    expect(await done).toBe('done');
    expect(askedAt).toEqual([0, 3_600_000, 7_200_000, 10_800_000]);
  });

  it('wakes sleepers in the order of their times', async () => {
    const clock = createFakeClock();
    const woken: number[] = [];
    const sleeps = [30, 10, 20, 10].map((ms) => clock.sleep(ms, signal).then(() => woken.push(ms)));

    await clock.advance(30);
    await Promise.all(sleeps);

    expect(woken).toEqual([10, 10, 20, 30]);
  });

  it('ends a sleep with its signal', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const asleep = clock.sleep(1_000, controller.signal);

    controller.abort(new Error('enough'));

    await expect(asleep).rejects.toThrow('enough');
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough');
    expect(clock.sleepers()).toBe(0);
  });

  it('jumps on the wall only', () => {
    const clock = createFakeClock({ start: 0 });
    clock.jump(-5_000);

    expect([clock.now(), clock.monotonic()]).toEqual([-5_000, 0]);
  });
});
