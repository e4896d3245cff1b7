import type { IdSource } from '@polar-gosling/kernel';
import { type Store, storeErrors } from '@polar-gosling/ports/store';
import { type ControlPlane, createControlPlane, type TestClock } from './control-plane.ts';
import { addJob } from './gitlab-model.ts';
import { nestOf } from './nest-texts.ts';
import { withFaults } from './with-faults.ts';

export interface Failing {
  /** Which call of the store fails, from 1; 0: none. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** From a pushed Egg to a green job to an Egg that is gone, with one call of the store that fails. */
export async function live(
  failing: Failing,
  on: { store?: Store; clock: TestClock; ids: IdSource },
): Promise<{ calls: number; plane: ControlPlane; steps: unknown[] }> {
  let calls = 0;
  const error = storeErrors.unavailable({ op: 'this call' });
  const plane = await createControlPlane({
    ...on,
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
