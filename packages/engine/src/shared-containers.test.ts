import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { install } from './testing/install.ts';
import { eggText } from './testing/nest-texts.ts';
import { cloudSettings, onYandex, publishAgent } from './testing/test-cloud.ts';

const minuteMs = 60_000;
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: cloudSettings });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  const egg = eggText('app', { concurrent: 1, more: onYandex }).replace('"vm"', '"serverless"');
  await install(plane, { 'Eggs/app/config.fly': egg });
});

/** Runs a job; says after how many ms it was done. */
async function runJob(mostMs: number): Promise<number | undefined> {
  const job = addJob(plane.model, { projectId: 1, lastsMs: 5_000 });
  return plane.runUntil(() => job.status === 'success', mostMs);
}

describe('a container that runners share', () => {
  it('is made anew when it was made by half, however long its cloud was ill', async () => {
    const illUntil = plane.clock.now() + 60 * minuteMs;
    plane.tofu.failureClass = 'retryable';
    plane.tofu.nextApply = ({ isRemoval }) => {
      const isIll = plane.clock.now() < illUntil;
      if (isRemoval) return isIll ? 'fails_before' : 'ok';
      return isIll ? 'half' : 'ok';
    };
    plane.start();

    const servedAfterMs = await runJob(3 * 60 * minuteMs);
    const runs = (await plane.recording.rows('runs')).length;
    await plane.stop();

    expect(servedAfterMs).toBeGreaterThan(60 * minuteMs);
    expect(servedAfterMs).toBeLessThan(80 * minuteMs);
    expect(runs).toBeLessThan(80);
    expect(plane.tofu.violations).toEqual([]);
  }, 60_000);
});
