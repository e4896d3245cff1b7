import { createMasker, Secret, silentLogger } from '@polar-gosling/kernel';
import { createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { nestOf } from '../testing/nest-texts.ts';

const ttlMs = 300_000;
const tickMs = 1_000;
const signal = new AbortController().signal;

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.signs = true;
  plane.model.projects.set(1, 'group/app').set(2, 'group/two');
  plane.git.commit(nestOf({ app: {}, two: { project: 2 } }));
  const { secrets } = plane.deps;
  const cached = createCachedSecrets(secrets, { clock, ttlMs, masker: createMasker(), logger: silentLogger });
  plane.start('p1', (deps) => ({ ...deps, secrets: cached }));
  expect(await plane.runUntil(() => plane.model.hooks.size === 2, 60_000)).toBeDefined();
});

afterEach(() => plane.stop());

/** Past the cache of the process at work, as another process writes it. */
const rotate = (field: string, value: string) =>
  plane.deps.secrets.write(`gitlab/gitlab.com/app/${field}`, new Secret(value), { signal });

const hookOf = (projectId: number) =>
  [...plane.model.hooks.values()].find((hook) => hook.projectId === projectId)?.spec;

describe('Feature: gitops-runner-orchestration, Property 40: Secret Rotation Propagation', () => {
  it.each([0, 100_000, 299_000])(
    'gives GitLab a webhook secret that another process rotated, within the TTL: %i ms later',
    async (laterMs) => {
      await plane.run(laterMs);
      const other = hookOf(2)?.token.reveal();
      await rotate('webhook-secret', 'a webhook secret of another process');

      const told = await plane.runUntil(
        () => hookOf(1)?.token.reveal() === 'a webhook secret of another process',
        2 * ttlMs,
      );

      expect(told).toBeLessThanOrEqual(ttlMs + tickMs);
      expect(hookOf(2)?.token.reveal()).toBe(other);
      expect(plane.gitlab.calls.filter((call) => call.startsWith('hooks.update'))).toEqual([
        'hooks.update 1',
      ]);
    },
  );

  it('gives GitLab a key to sign with that another process rotated, and takes what it signs', async () => {
    const rotated = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await rotate('signing-token', rotated);

    const told = await plane.runUntil(() => hookOf(1)?.signingToken?.reveal() === rotated, 2 * ttlMs);
    const job = addJob(plane.model, { projectId: 1 });
    await plane.deliver();

    expect(told).toBeLessThanOrEqual(ttlMs + tickMs);
    const deliveries = await plane.recording.rows('webhook_deliveries');
    expect(deliveries.map(({ facts }) => facts)).toMatchObject([{ job: { id: job.id } }]);
  });
});
