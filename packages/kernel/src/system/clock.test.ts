import { expect, it } from 'vitest';
import { createSystemClock } from './clock.ts';

const clock = createSystemClock();

it('sleeps at least as long as asked', async () => {
  const from = clock.monotonic();

  await clock.sleep(20, new AbortController().signal);

  expect(clock.monotonic() - from).toBeGreaterThan(15);
});

it('wakes with the reason of its signal', async () => {
  const ending = new AbortController();
  const sleeping = clock.sleep(60_000, ending.signal);

  ending.abort('stop');

  await expect(sleeping).rejects.toBe('stop');
});

it('does not fall asleep under an aborted signal', async () => {
  await expect(clock.sleep(60_000, AbortSignal.abort('gone'))).rejects.toBe('gone');
});
