import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { deadline, linkAbort, mapLimit, pollUntil, withinTime } from './abort.ts';

const never = new AbortController().signal;

describe('mapLimit', () => {
  it('answers in the order of the items, whatever ends first', async () => {
    const clock = createFakeClock();
    const working = mapLimit([30, 10, 20], { limit: 3, signal: never }, async (ms, signal) => {
      await clock.sleep(ms, signal);
      return ms * 2;
    });

    await clock.advance(30);

    expect(await working).toEqual([60, 20, 40]);
  });

  it('never has more than the limit at work', async () => {
    const clock = createFakeClock();
    let atWork = 0;
    let most = 0;
    const working = mapLimit(Array.from({ length: 20 }), { limit: 3, signal: never }, async (_, signal) => {
      atWork++;
      most = Math.max(most, atWork);
      await clock.sleep(10, signal);
      atWork--;
    });

    await clock.advance(1_000);
    await working;

    expect(most).toBe(3);
  });

  it('aborts the siblings of the first failure, waits for them, and starts nothing more', async () => {
    const clock = createFakeClock();
    const started: number[] = [];
    const ended: number[] = [];
    const working = mapLimit([1, 2, 3], { limit: 2, signal: never }, async (item, signal) => {
      started.push(item);
      if (item === 1) throw new RangeError('first');
      await clock.sleep(1_000, signal).finally(() => ended.push(item));
    });

    await expect(working).rejects.toThrow('first');
    expect({ started, ended }).toEqual({ started: [1, 2], ended: [2] });
  });

  it('starts nothing under an aborted signal', async () => {
    const started: number[] = [];
    const working = mapLimit([1, 2], { limit: 2, signal: AbortSignal.abort('gone') }, async (item) => {
      started.push(item);
    });

    await expect(working).rejects.toBe('gone');
    expect(started).toEqual([]);
  });

  it('has nothing to do for no items', async () => {
    expect(await mapLimit([], { limit: 4, signal: never }, async () => 1)).toEqual([]);
  });
});

describe('pollUntil', () => {
  const options = { everyMs: 5_000, timeoutMs: 20_000, what: 'the runner to boot', signal: never };

  it('asks at once, then at the interval, until there is an answer', async () => {
    const clock = createFakeClock({ start: 0 });
    const askedAt: number[] = [];
    const check = () => (askedAt.push(clock.now()) === 3 ? 'there' : undefined);
    const polling = pollUntil(check, { ...options, clock });

    await clock.advance(20_000);

    expect(await polling).toBe('there');
    expect(askedAt).toEqual([0, 5_000, 10_000]);
  });

  it('takes every answer but undefined, also a false one', async () => {
    expect(await pollUntil(() => false, { ...options, clock: createFakeClock() })).toBe(false);
  });

  it('fails by name after the time, having asked once more at its end', async () => {
    const clock = createFakeClock();
    let asked = 0;
    const polling = pollUntil(() => void asked++, { ...options, clock });
    const failure = expect(polling).rejects.toMatchObject({
      code: 'KERNEL_TIMED_OUT',
      params: { what: 'the runner to boot', waitedMs: 20_000 },
    });

    await clock.advance(60_000);
    await failure;

    expect(asked).toBe(5);
  });

  it('ends with its signal, and leaves no sleeper', async () => {
    const clock = createFakeClock();
    const ending = new AbortController();
    const polling = pollUntil(() => undefined, { ...options, clock, signal: ending.signal });
    const failure = expect(polling).rejects.toBe('stop');
    await clock.advance(1);

    ending.abort('stop');
    await failure;

    expect(clock.sleepers()).toBe(0);
  });
});

describe('signals', () => {
  it('end with the outer one', () => {
    const outer = new AbortController();
    const signals = [deadline(outer.signal, 60_000), linkAbort(outer.signal).signal];

    outer.abort('over');

    expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual([
      [true, 'over'],
      [true, 'over'],
    ]);
  });

  it('end by themselves without ending the outer one', () => {
    const outer = new AbortController();
    const linked = linkAbort(outer.signal);

    linked.abort('sibling failed');

    expect(linked.signal.reason).toBe('sibling failed');
    expect(outer.signal.aborted).toBe(false);
  });

  it('end at the deadline', async () => {
    const signal = deadline(never, 1);

    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });

    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('withinTime', () => {
  it('answers what the action answers, and leaves no sleeper', async () => {
    const clock = createFakeClock();

    expect(await withinTime({ clock, timeoutMs: 5, what: 'it', signal: never }, async () => 7)).toBe(7);
    expect(clock.sleepers()).toBe(0);
  });

  it('gives up an action that hears no signal, and tells it', async () => {
    const clock = createFakeClock();
    let heard: AbortSignal | undefined;
    const doing = withinTime({ clock, timeoutMs: 5, what: 'it', signal: never }, (signal) => {
      heard = signal;
      return new Promise(() => undefined);
    });
    const failing = expect(doing).rejects.toMatchObject({ code: 'KERNEL_TIMED_OUT' });

    await clock.advance(5);

    await failing;
    expect(heard?.aborted).toBe(true);
  });
});
