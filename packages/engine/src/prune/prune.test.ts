import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { prune } from './prune.ts';

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: { pruneEveryMs: 86_400_000 },
  });
  plane.model.projects.set(1, 'group/app');
  plane.git.commit(nestOf({ app: {} }));
  plane.start();
  await plane.runUntil(() => plane.model.hooks.size === 1, 60_000);
  const job = addJob(plane.model, { projectId: 1, lastsMs: 5_000 });
  await plane.runUntil(() => job.status === 'success', 5 * 60_000);
  await plane.run(20_000);
  await plane.stop();
});

/** The agents report every 15 s; nobody acts on it. */
async function beats(count: number): Promise<void> {
  for (let beat = 0; beat < count; beat++) {
    await plane.clock.advance(15_000);
    for (const agent of plane.agents.all.values()) agent.nextReportAt = 0;
    await plane.agents.step();
  }
}

const marks = () => plane.recording.rows('marks');

describe('prune', () => {
  it('Feature: gitops-runner-orchestration, Property 19: each mark comes with an audit row that names runner, rule and reason, once', async () => {
    expect(await prune(plane.deps, direct)).toBe(0);
    await beats(9);

    expect(await prune(plane.deps, direct)).toBe(1);
    expect(await prune(plane.deps, direct)).toBe(0);

    const [mark] = await marks();
    expect(mark).toMatchObject({ by: 'uglyfox', rule: 'idle_timeout', why: expect.any(String) });
    const audit = (await plane.recording.rows('audit_logs')).filter((row) => row['actor'] === 'uglyfox');
    expect(audit).toMatchObject([
      {
        action: mark?.['action'],
        resource_type: 'runner',
        resource_id: mark?.['runner_id'],
        details: { egg: 'app', rule: 'idle_timeout', why: mark?.['why'] },
        timestamp: plane.clock.now(),
      },
    ]);
  });

  it('marks a runner again that worked after its first mark and idles again', async () => {
    await beats(9);
    expect(await prune(plane.deps, direct)).toBe(1);
    addJob(plane.model, { projectId: 1, lastsMs: 20_000 });
    await beats(6);
    expect(await prune(plane.deps, direct)).toBe(0);
    await beats(9);

    expect(await prune(plane.deps, direct)).toBe(1);

    expect(await marks()).toMatchObject([{ rule: 'idle_timeout', at: plane.clock.now() }]);
  });

  it('marks nothing of a frozen Egg', async () => {
    await plane
      .engine()
      .commands.setFreeze(
        { tokenId: 't', name: 'me', role: 'admin' },
        { egg: 'app', on: true, why: 'x' },
        direct,
      );
    await plane.clock.advance(86_400_000);

    expect(await prune(plane.deps, direct)).toBe(0);
  });

  it('wakes reconcile, which acts on the mark', async () => {
    plane.start();
    const isEmpty = () => plane.tofu.machines.size === 0;
    for (let minute = 0; minute < 10 && !isEmpty(); minute++) {
      await plane.engine().background.wakePrune(direct);
      await plane.run(60_000);
    }
    await plane.stop();

    expect(isEmpty()).toBe(true);
    expect(await marks()).toEqual([]);
  });
});
