import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from './testing/control-plane.ts';
import type { ApplyFault } from './testing/fake-tofu.ts';
import { addJob, setStatus } from './testing/gitlab-model.ts';
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

  it('is found and removed when it was made by an apply that was killed, and the next one is made', async () => {
    const faults: ApplyFault[] = ['killed'];
    plane.tofu.nextApply = () => faults.shift() ?? 'ok';
    plane.start();

    const servedAfterMs = await runJob(60 * minuteMs);
    const isEmpty = () => plane.tofu.containers.size === 0;
    const emptyAfterMs = await plane.runUntil(isEmpty, 20 * minuteMs);
    await plane.stop();

    expect(servedAfterMs).toBeLessThan(5 * minuteMs);
    expect(emptyAfterMs).toBeDefined();
    const [deployment] = await plane.recording.rows('deployments');
    expect(deployment?.['boots_failed'] ?? 0).toBe(0);
    expect(plane.tofu.violations).toEqual([]);
  });

  it('is removed though nobody launches again after its apply was killed', async () => {
    const faults: ApplyFault[] = ['killed'];
    plane.tofu.nextApply = () => faults.shift() ?? 'ok';
    plane.start();
    const job = addJob(plane.model, { projectId: 1, lastsMs: 5_000 });
    await plane.runUntil(() => plane.tofu.containers.size > 0, 5 * minuteMs);
    setStatus(plane.model, job, 'canceled');

    const emptyAfterMs = await plane.runUntil(() => plane.tofu.containers.size === 0, 10 * minuteMs);
    await plane.stop();

    expect(emptyAfterMs).toBeDefined();
  });

  it('is removed by a later try when its cloud would not remove it with its last runner', async () => {
    let isBroken = true;
    plane.tofu.nextApply = ({ isRemoval }) => (isRemoval && isBroken ? 'keeps_shared' : 'ok');
    plane.start();
    await runJob(10 * minuteMs);
    await plane.run(20 * minuteMs, 5_000);
    const kept = plane.tofu.containers.size;
    isBroken = false;

    const emptyAfterMs = await plane.runUntil(() => plane.tofu.containers.size === 0, 20 * minuteMs);
    await plane.stop();

    expect(kept).toBe(1);
    expect(emptyAfterMs).toBeDefined();
  });
});
