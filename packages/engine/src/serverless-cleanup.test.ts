import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { install } from './testing/install.ts';
import { eggText } from './testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from './testing/test-cloud.ts';

const minuteMs = 60_000;

describe('a serverless runner', () => {
  it('Feature: gitops-runner-orchestration, Property 13: is gone with all it had 5 minutes after its end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5_000, max: 20 * minuteMs }),
        fc.constantFrom('its job ends', 'its platform ends it'),
        fc.nat({ max: 90_000 }),
        async (lastsMs, end, afterMs) => {
          const clock = createFakeClock();
          const plane = await createControlPlane({
            clock,
            ids: createSeededIds(1, clock),
            settings: cloudSettings,
          });
          plane.model.projects.set(1, 'group/app');
          await publishAgent(plane);
          const egg = eggText('app', { more: onAws }).replace('"vm"', '"serverless"');
          await install(plane, { 'Eggs/app/config.fly': egg });
          plane.start();
          const job = addJob(plane.model, { projectId: 1, lastsMs });
          await plane.runUntil(() => job.status === 'running', 5 * minuteMs);
          if (end === 'its platform ends it') {
            await plane.run(Math.min(afterMs, lastsMs / 2));
            plane.tofu.machines.clear();
          }
          await plane.runUntil(() => job.status !== 'running', 30 * minuteMs);
          const isGone = async () => {
            const rows = await plane.recording.rows('runners');
            const isClosed = rows.length > 0 && rows.every(({ state }) => state === 'terminated');
            // What its platform has ended leaves the state by the next apply: there is nothing to be removed.
            const states = end === 'its job ends' ? [...plane.tofu.states.values()] : [];
            return isClosed && plane.tofu.machines.size === 0 && states.every(({ size }) => size === 0);
          };
          const goneAfterMs = await plane.runUntil(isGone, 10 * minuteMs);
          await plane.stop();

          expect(job.status).toBe(end === 'its job ends' ? 'success' : 'failed');
          expect(goneAfterMs).toBeLessThanOrEqual(5 * minuteMs);
        },
      ),
      { numRuns: runs(100), endOnFailure: true },
    );
  }, 300_000);
});
