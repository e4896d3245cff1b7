import { storeErrors } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { nestOf } from './testing/nest-texts.ts';
import { withFaults } from './testing/with-faults.ts';

interface Failing {
  /** Which call of the store fails, from 1; 0: none. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** From a pushed Egg to a green job to an Egg that is gone, with one call of the store that fails. */
async function live(failing: Failing): Promise<{ calls: number; plane: ControlPlane; steps: unknown[] }> {
  const clock = createFakeClock();
  let calls = 0;
  const error = storeErrors.unavailable({ op: 'this call' });
  const plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    wrap: (deps) => {
      const store = withFaults(deps.store, () =>
        ++calls === failing.call ? { error, when: failing.when } : undefined,
      );
      return { ...deps, store };
    },
  });
  plane.model.projects.set(1, 'group/app').set(2, 'group/other');
  const other = { other: { project: 2, tags: ['other'] } };
  plane.git.commit(nestOf({ app: {}, ...other }));
  plane.start();
  const steps: unknown[] = [];
  steps.push(await plane.runUntil(() => plane.model.hooks.size === 2, 11 * 60_000));
  const job = addJob(plane.model, { projectId: 1, lastsMs: 20_000 });
  steps.push(await plane.runUntil(() => job.status === 'success', 11 * 60_000));
  plane.git.commit(nestOf(other));
  const isForgotten = async () => {
    const rows = await plane.recording.rows('egg_configs');
    return plane.tofu.machines.size === 0 && !rows.some(({ name }) => name === 'app');
  };
  steps.push(await plane.runUntil(isForgotten, 20 * 60_000));
  await plane.stop();
  return { calls, plane, steps };
}

const tries = Math.ceil(runs(300) / 10);

describe('from push to green to removed', () => {
  it.each(['before', 'after'] as const)(
    'gets there whichever call of the store fails (%s it took effect)',
    async (when) => {
      const { calls } = await live({ call: 0, when });
      const stride = Math.max(1, Math.floor(calls / tries));
      const offset = when === 'before' ? 1 : 1 + Math.floor(stride / 2);
      for (let call = offset; call <= calls; call += stride) {
        const { plane, steps } = await live({ call, when });

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
