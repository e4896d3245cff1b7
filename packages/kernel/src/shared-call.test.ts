import { describe, expect, it } from 'vitest';
import { createSharedCall, shareCalls } from './shared-call.ts';

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

describe('shareCalls', () => {
  const patient = new AbortController().signal;

  it('calls once for those who come meanwhile, and again for those who come later', async () => {
    const answers: PromiseWithResolvers<number>[] = [];
    const shared = shareCalls(() => {
      const answer = Promise.withResolvers<number>();
      answers.push(answer);
      return answer.promise;
    });
    const first = [shared(patient), shared(patient)];
    answers[0]?.resolve(1);
    const found = await Promise.all(first);
    const later = shared(patient);
    answers[1]?.resolve(2);

    expect([...found, await later]).toEqual([1, 1, 2]);
    expect(answers).toHaveLength(2);
  });

  it('tells a failure to all who wait, and tries anew for the next', async () => {
    let calls = 0;
    const shared = shareCalls(async () => {
      calls++;
      if (calls === 1) throw new RangeError('not now');
      return calls;
    });

    const [one, other] = await Promise.allSettled([shared(patient), shared(patient)]);

    expect([one.status, other.status]).toEqual(['rejected', 'rejected']);
    expect(await shared(patient)).toBe(2);
  });

  it('begins anew for who comes after the last of those who waited has left', async () => {
    const signals: AbortSignal[] = [];
    const shared = shareCalls((signal) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise<string>(() => undefined) : Promise.resolve('found');
    });
    const hasty = new AbortController();
    const left = shared(hasty.signal);
    hasty.abort(new RangeError('no patience'));
    await expect(left).rejects.toThrow('no patience');

    expect(await shared(patient)).toBe('found');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});
