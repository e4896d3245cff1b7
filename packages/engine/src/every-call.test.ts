import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { type Failing, live, wrongIn } from './testing/whole-life.ts';

const liveWith = (failing: Failing) => {
  const clock = createFakeClock();
  return live(failing, { clock, ids: createSeededIds(1, clock) });
};
const undisturbed = await liveWith({ call: 0, when: 'before' });
const every = Array.from({ length: undisturbed.calls }, (_, index) => index + 1);

/** Every call there is, none left out: what went wrong, by its number. */
async function failuresOf(
  calls: readonly number[],
  when: Failing['when'],
): Promise<Record<number, string[]>> {
  const found: Record<number, string[]> = {};
  for (const call of calls) {
    const wrong = wrongIn(await liveWith({ call, when }));
    if (wrong.length > 0) found[call] = wrong;
  }
  return found;
}

describe('from push to green to removed', () => {
  it('calls the ports often enough to tell something', () => {
    expect(wrongIn(undisturbed)).toEqual([]);
    expect(undisturbed.calls).toBeGreaterThan(1_000);
    expect(undisturbed.changes.length).toBeGreaterThan(200);
  });

  it('gets there whichever call of store, queue, secrets, blobs, Git, GitLab or OpenTofu fails', async () => {
    expect(await failuresOf(every, 'before')).toEqual({});
  }, 900_000);

  it('gets there whichever call took effect and lost its answer', async () => {
    expect(await failuresOf(undisturbed.changes, 'after')).toEqual({});
  }, 900_000);
});
