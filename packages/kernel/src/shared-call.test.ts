import { describe, expect, it } from 'vitest';
import { createSharedCall } from './shared-call.ts';

function aCall() {
  const answer = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const shared = createSharedCall((signal) => {
    signals.push(signal);
    return answer.promise;
  });
  return { shared, answer, signals };
}

describe('createSharedCall', () => {
  it('calls once for all who wait, and lets one leave without harm to the others', async () => {
    const { shared, answer, signals } = aCall();
    const hasty = new AbortController();
    const left = shared.join(hasty.signal);
    const stays = shared.join(new AbortController().signal);

    hasty.abort(new RangeError('no patience'));
    await expect(left).rejects.toThrow('no patience');
    answer.resolve('found');

    expect(await stays).toBe('found');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('ends the call when the last has left', async () => {
    const { shared, signals } = aCall();
    const hasty = new AbortController();
    const left = shared.join(hasty.signal);

    hasty.abort(new RangeError('no patience'));

    await expect(left).rejects.toThrow('no patience');
    expect(signals[0]?.aborted).toBe(true);
    expect(shared.isAbandoned()).toBe(true);
  });

  it('is not begun by somebody who has given up before', async () => {
    const { shared, signals } = aCall();

    await expect(shared.join(AbortSignal.abort(new RangeError('gone')))).rejects.toThrow('gone');

    expect(signals).toEqual([]);
  });
});
