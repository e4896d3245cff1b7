import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Scenario, scenarios } from './testing/scenarios.ts';
import { type Failing, type Life, live, wrongIn } from './testing/whole-life.ts';

const liveWith = (scenario: Scenario, failing: Failing) => {
  const clock = createFakeClock();
  return live(failing, { clock, ids: createSeededIds(1, clock) }, scenario);
};

/** Every call there is, none left out: what went wrong, by its number. */
async function failuresOf(
  { scenario, calls, changes }: Life,
  when: Failing['when'],
): Promise<Record<number, string[]>> {
  const all = Array.from({ length: calls }, (_, index) => index + 1);
  const found: Record<number, string[]> = {};
  for (const call of when === 'after' ? changes : all) {
    const wrong = wrongIn(await liveWith(scenario, { call, when }));
    if (wrong.length > 0) found[call] = wrong;
  }
  return found;
}

describe.each(scenarios)('$name', (scenario) => {
  let undisturbed: Life;
  beforeAll(async () => {
    undisturbed = await liveWith(scenario, { call: 0, when: 'before' });
  });

  it('calls the ports often enough to tell something', () => {
    expect(wrongIn(undisturbed)).toEqual([]);
    expect(undisturbed.calls).toBeGreaterThan(scenario.leastCalls);
    expect(undisturbed.changes.length).toBeGreaterThan(scenario.leastCalls / 5);
  });

  it('gets there whichever call of store, queue, secrets, blobs, Git, GitLab or OpenTofu fails', async () => {
    expect(await failuresOf(undisturbed, 'before')).toEqual({});
  }, 900_000);

  it('gets there whichever call took effect and lost its answer', async () => {
    expect(await failuresOf(undisturbed, 'after')).toEqual({});
  }, 900_000);
});
