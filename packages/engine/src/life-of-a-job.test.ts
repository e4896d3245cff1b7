import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { nestOf } from './testing/nest-texts.ts';

it('takes a pushed Egg and a job to green, and removes the runner when the Egg goes', async () => {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app');
  plane.git.commit(nestOf({ app: {} }));
  plane.start();

  const bound = await plane.runUntil(() => plane.model.hooks.size === 1, 60_000);
  const job = addJob(plane.model, { projectId: 1 });
  const green = await plane.runUntil(() => job.status === 'success', 5 * 60_000);
  const removed = await plane.runUntil(() => plane.tofu.machines.size === 0, 20 * 60_000);
  await plane.stop();

  expect({ bound, green, removed }).toMatchObject({
    bound: expect.any(Number),
    green: expect.any(Number),
    removed: expect.any(Number),
  });
  // The agent tells of the job before GitLab's webhook does: no second runner is launched for it.
  expect(plane.tofu.applied).toEqual(['create 1', 'delete 1']);
  expect(plane.tofu.violations).toEqual([]);
  expect(plane.recording.unaudited).toEqual([]);
});
