import { silentLogger } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createCalls } from './calls.ts';

const { signal } = new AbortController();
const throttled = (headers: object = {}) =>
  Object.assign(new Error('slow down'), { name: 'ThrottlingException', $response: { headers } });

function fixture() {
  const clock = createFakeClock();
  const calls = createCalls({ clock, ids: createSeededIds(7, clock), logger: silentLogger });
  const triedAt: number[] = [];
  const fail = (error: unknown) => async () => {
    triedAt.push(clock.monotonic());
    throw error;
  };
  return { clock, calls, triedAt, fail };
}

describe('createCalls', () => {
  it('repeats a read that is throttled, later each time, and gives up after six', async () => {
    const { clock, calls, triedAt, fail } = fixture();

    const read = expect(calls.read('get', signal, fail(throttled()))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await clock.advance(10_000);
    await read;

    expect(triedAt).toHaveLength(6);
    const waits = triedAt.slice(1).map((at, place) => at - (triedAt[place] ?? 0));
    for (const [place, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(50 * 2 ** place);
  });

  it('waits as long as the engine asks for', async () => {
    const { clock, calls, triedAt } = fixture();
    let isFirst = true;
    const read = calls.read('get', signal, async () => {
      triedAt.push(clock.monotonic());
      if (isFirst) {
        isFirst = false;
        throw throttled({ 'retry-after': '7' });
      }
      return 'row';
    });
    await clock.advance(6_999);
    expect(triedAt).toEqual([0]);
    await clock.advance(1);

    expect(await read).toBe('row');
    expect(triedAt).toEqual([0, 7_000]);
  });

  it('never repeats what is refused', async () => {
    const { calls, triedAt, fail } = fixture();
    const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } };

    await expect(calls.read('get', signal, fail(denied))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    expect(triedAt).toHaveLength(1);
  });

  it('tries each call once when the budget is spent, and again more often as calls succeed', async () => {
    const { clock, calls, triedAt, fail } = fixture();
    const read = async () => {
      triedAt.length = 0;
      const answer = calls.read('get', signal, fail(throttled())).catch(() => undefined);
      await clock.advance(10_000);
      await answer;
      return triedAt.length;
    };
    for (let call = 0; call < 20; call++) expect(await read()).toBe(6);

    expect(await read()).toBe(1);
    for (let success = 0; success < 10; success++) await calls.read('get', signal, async () => 'row');
    expect(await read()).toBe(3);
    expect(await read()).toBe(1);
  });

  it('leaves at once when its caller gives up', async () => {
    const { clock, calls, fail } = fixture();
    const controller = new AbortController();

    const read = expect(calls.read('get', controller.signal, fail(throttled()))).rejects.toThrow('gone');
    await clock.advance(0);
    controller.abort(new Error('gone'));
    await read;

    expect(clock.sleepers()).toBe(0);
  });
});
