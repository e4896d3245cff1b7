import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { install } from './testing/install.ts';
import { nestOf } from './testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from './testing/test-cloud.ts';

const minuteMs = 60_000;

it.each([60, 300])(
  'a runner at work, silent for %i s, outlives a new name of its installation',
  async (silentS) => {
    const clock = createFakeClock();
    const plane = await createControlPlane({
      clock,
      ids: createSeededIds(1, clock),
      settings: cloudSettings,
    });
    plane.model.projects.set(1, 'group/app');
    await publishAgent(plane);
    await install(plane, nestOf({ app: { concurrent: 1, more: onAws } }));
    plane.start();
    const job = addJob(plane.model, { projectId: 1, lastsMs: 40 * minuteMs });
    await plane.runUntil(() => job.status === 'running', 20 * minuteMs);

    await plane.stop();
    plane.start('p2', (deps) => ({ ...deps, settings: { ...deps.settings, installation: 'renamed' } }));
    for (const agent of plane.agents.all.values()) agent.silentUntil = clock.now() + silentS * 1000;
    await plane.runUntil(() => job.status !== 'running', 60 * minuteMs);
    await plane.stop();

    expect(job.status).toBe('success');
    const audits = await plane.recording.rows('audit_logs');
    expect(audits.map(({ action }) => action)).not.toContain('failed');
  },
);
