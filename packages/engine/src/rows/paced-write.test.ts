import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createPacedWrite } from './paced-write.ts';

function aWrite(outcomes: boolean[] = []) {
  const clock = createFakeClock();
  const writtenAt: number[] = [];
  const write = async () => {
    writtenAt.push(clock.monotonic());
    return outcomes.shift() ?? true;
  };
  return { clock, writtenAt, paced: createPacedWrite({ clock, everyMs: 1_000, write }) };
}

it('writes in its time, and only while there is something', async () => {
  const { clock, writtenAt, paced } = aWrite();

  for (let note = 0; note < 5; note++) paced.soon();
  await clock.advance(5_000);
  paced.soon();
  await clock.advance(500);
  await paced.close();

  expect(writtenAt).toEqual([1_000, 5_500]);
});

it('tries again what it could not write, and leaves it at its end', async () => {
  const { clock, writtenAt, paced } = aWrite([false, false, true, false, false]);

  paced.soon();
  await clock.advance(10_000);
  paced.soon();
  await paced.close();
  await clock.advance(10_000);

  expect(writtenAt).toEqual([1_000, 2_000, 3_000, 10_000, 10_000]);
});

it('writes nothing where nothing was', async () => {
  const { clock, writtenAt, paced } = aWrite();

  await paced.close();

  expect([writtenAt, clock.sleepers()]).toEqual([[], 0]);
});
