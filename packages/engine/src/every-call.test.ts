import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { live } from './testing/whole-life.ts';

const onMemory = () => {
  const clock = createFakeClock();
  return { clock, ids: createSeededIds(1, clock) };
};
const tries = Math.ceil(runs(300) / 10);

describe('from push to green to removed', () => {
  it.each(['before', 'after'] as const)(
    'gets there whichever call of the store fails (%s it took effect)',
    async (when) => {
      const { calls } = await live({ call: 0, when }, onMemory());
      const stride = Math.max(1, Math.floor(calls / tries));
      const offset = when === 'before' ? 1 : 1 + Math.floor(stride / 2);
      for (let call = offset; call <= calls; call += stride) {
        const { plane, steps } = await live({ call, when }, onMemory());

        expect({ call, steps }).toEqual({
          call,
          steps: [expect.any(Number), expect.any(Number), expect.any(Number)],
        });
        expect(plane.recording.unaudited).toEqual([]);
        expect(plane.tofu.violations).toEqual([]);
        expect([...plane.model.hooks.values()].map(({ projectId }) => projectId)).toEqual([2]);
        expect([...plane.model.registrations.values()].map(({ spec }) => spec.scopeId)).toEqual([2]);
      }
    },
    120_000,
  );
});
