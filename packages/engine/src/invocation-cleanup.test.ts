import { containerName } from '@polar-gosling/domain';
import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from './testing/control-plane.ts';
import type { ApplyFault } from './testing/fake-tofu.ts';
import { addJob } from './testing/gitlab-model.ts';
import { install } from './testing/install.ts';
import { type Death, startMortal } from './testing/mortal-process.ts';
import { eggText } from './testing/nest-texts.ts';
import { cloudSettings, onYandex, publishAgent } from './testing/test-cloud.ts';

const minuteMs = 60_000;

async function aPlane(concurrent: number): Promise<ControlPlane> {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: cloudSettings });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  const egg = eggText('app', { concurrent, more: onYandex }).replace('"vm"', '"serverless"');
  await install(plane, { 'Eggs/app/config.fly': egg });
  return plane;
}

/** From a job to nothing that is left of its runner, with a process that ends on the way. */
async function live(deaths: readonly Death[]) {
  const plane = await aPlane(1);
  const world = startMortal(plane, { deaths, isSeen: true });
  const job = addJob(plane.model, { projectId: 1, lastsMs: 5_000 });
  await world.runUntil(() => job.status === 'success', 5 * minuteMs);
  const changes = world.changes();
  const { machines, containers, violations } = plane.tofu;
  const emptyAfterMs = await world.runUntil(() => machines.size + containers.size === 0, 10 * minuteMs);
  await plane.stop();
  const [deployment] = await plane.recording.rows('deployments');
  const wrong = [
    ...violations,
    ...(job.status === 'success' ? [] : [`the job is ${job.status}`]),
    ...(emptyAfterMs === undefined ? ['something is left'] : []),
    ...(deployment?.['boots_failed'] ? ['a boot counts as failed'] : []),
  ];
  return { changes, wrong, taken: plane.containers.taken.length };
}

/** Lives through a death after each call that changes something, of the process that follows `first`. */
async function liveThroughAll(first: readonly Death[]) {
  const { changes } = await live(first);
  const found: Record<number, unknown> = {};
  for (const { call } of changes) {
    const { wrong, taken } = await live([...first, { call, when: 'after' }]);
    if (wrong.length > 0 || taken !== 1) found[call] = { taken, wrong };
  }
  return { changes, found };
}

describe('a runner that is an invocation', () => {
  it('is sent once, and counts as no failed boot, wherever a process ends between its job and its end', async () => {
    const undisturbed = await live([]);
    const { changes, found } = await liveThroughAll([]);

    expect(undisturbed).toMatchObject({ wrong: [], taken: 1 });
    expect(changes.length).toBeGreaterThan(40);
    expect(found).toEqual({});
  }, 120_000);

  it('is so wherever the process ends that was to send what one before it did not', async () => {
    const { changes } = await live([]);
    const sending = changes.find(({ method }) => method === 'start')?.call ?? expect.fail('nothing was sent');

    expect((await liveThroughAll([{ call: sending, when: 'before' }])).found).toEqual({});
  }, 120_000);

  it('Feature: gitops-runner-orchestration, Property 13: is gone with all it had 5 minutes after its end', async () => {
    await fc.assert(
      fc.asyncProperty(anInstallation, async ({ egg, deaths, isSeen, answers, isDown, applies }) => {
        const plane = await aPlane(egg.concurrent);
        const left = [...answers];
        plane.containers.nextAnswer = () => left.shift() ?? 'takes';
        const faults: ApplyFault[] = [...applies];
        plane.tofu.nextApply = () => faults.shift() ?? 'ok';
        plane.tofu.failureClass = 'retryable';
        const down = [...isDown];
        plane.agents.comesUp = () => down.shift() !== true;
        const world = startMortal(plane, { deaths, isSeen, stepMs: 5_000 });
        const jobs = egg.jobs.map((lastsMs) => addJob(plane.model, { projectId: 1, lastsMs }));
        const ends = watchEnds(plane);
        const isOver = async () => {
          await ends.look();
          return jobs.every(({ status }) => status === 'success' || status === 'failed') && ends.isAllGone();
        };
        const overAfterMs = await world.runUntil(isOver, 5 * 60 * minuteMs);
        await plane.stop();

        expect(plane.tofu.violations).toEqual([]);
        expect(overAfterMs).toBeDefined();
        expect(ends.late()).toEqual([]);
      }),
      { numRuns: runs(100), endOnFailure: true },
    );
  }, 600_000);
});

const anInstallation = fc.record({
  egg: fc.record({
    concurrent: fc.integer({ min: 1, max: 3 }),
    // A few last longer than a container may.
    jobs: fc.array(
      fc.oneof(
        { weight: 19, arbitrary: fc.integer({ min: 1_000, max: 4 * minuteMs }) },
        { weight: 1, arbitrary: fc.constant(90 * minuteMs) },
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  deaths: fc.array(
    fc.record({ call: fc.integer({ min: 1, max: 1_500 }), when: fc.constantFrom('before', 'after') }),
    { maxLength: 3 },
  ),
  isSeen: fc.boolean(),
  answers: fc.array(fc.constantFrom('takes', 'refuses', 'is away', 'takes, silently'), { maxLength: 4 }),
  applies: fc.array(fc.constantFrom('ok', 'half', 'fails_before', 'fails_after', 'ended_after', 'killed'), {
    maxLength: 4,
  }),
  /** Agents that never come up. */
  isDown: fc.array(fc.boolean(), { maxLength: 3 }),
});

/** Sees of each runner when it ended, and when nothing was left of it. */
function watchEnds(plane: ControlPlane) {
  const { tofu, agents, containers, clock } = plane;
  const ended = new Map<string, number>();
  const gone = new Map<string, number>();
  let rows: readonly Readonly<Record<string, unknown>>[] = [];
  const note = (seen: Map<string, number>, id: string, isSo: boolean) => {
    if (isSo && !seen.has(id)) seen.set(id, clock.now());
  };
  const isInState = (id: string) => [...tofu.states.values()].some((state) => state.has(id));
  return {
    async look() {
      rows = await plane.recording.rows('runners');
      for (const row of rows) {
        const id = String(row['id']);
        const hash = String(row['machine_hash']);
        const agent = agents.all.get(id);
        const isDone = agent?.desired === 'drain' && agent.jobs.length === 0;
        const isEnded =
          containers.taken.includes(id) && agent?.answer !== undefined && !tofu.machines.has(id);
        const isTimedOut = ['failed', 'terminating', 'terminated'].includes(String(row['state']));
        note(ended, id, isDone || isEnded || isTimedOut);
        const isShared = rows.some((one) => one['machine_hash'] === hash && one['state'] !== 'terminated');
        const hasContainer = tofu.containers.has(containerOf(row)) && !isShared;
        note(
          gone,
          id,
          row['state'] === 'terminated' && !isInState(id) && !tofu.machines.has(id) && !hasContainer,
        );
      }
    },
    isAllGone: () => rows.length > 0 && rows.every(({ id }) => gone.has(String(id))),
    late: () =>
      [...ended]
        .map(([id, at]) => ({ id, lateMs: (gone.get(id) ?? Infinity) - at }))
        .filter(({ lateMs }) => lateMs > 5 * minuteMs),
  };
}

function containerOf({ entry, shard }: Readonly<Record<string, unknown>>): string {
  const { container_key: key } = JSON.parse(new TextDecoder().decode(entry as Uint8Array));
  return containerName(key, Number(shard));
}
