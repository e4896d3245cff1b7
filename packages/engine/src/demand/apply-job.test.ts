import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { applyJob, type JobSighting } from './apply-job.ts';

let plane: ControlPlane;

async function aPlane(eggs: Parameters<typeof nestOf>[0]): Promise<ControlPlane> {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  for (const id of [1, 2, 3]) plane.model.projects.set(id, `group/p${id}`);
  await install(plane, nestOf(eggs));
  return plane;
}

beforeEach(async () => {
  await aPlane({ big: { tags: ['linux', 'big'], concurrent: 4 }, small: { concurrent: 1 } });
});

function aSighting(over: Partial<JobSighting> = {}): JobSighting {
  return {
    serverProject: 'gitlab.com#1',
    jobId: 1,
    status: 'pending',
    name: 'build',
    ref: 'main',
    pipelineId: 1,
    tags: ['linux'],
    ...over,
  };
}

const see = (over: Partial<JobSighting> = {}) => applyJob(plane.deps, aSighting(over), direct);

async function eggOf(jobId: number): Promise<unknown> {
  return (await jobOf(jobId))?.['egg_name'];
}

async function jobOf(jobId: number) {
  return (await plane.recording.rows('ci_jobs')).find((row) => row['job_id'] === jobId);
}

async function setRow(
  table: 'egg_state' | 'switches' | 'ci_jobs',
  key: { partition: string; sort?: number },
  set: object,
) {
  const write = { kind: 'update', key: { table, ...key }, set: { ...set }, when: { kind: 'any' } } as const;
  await plane.deps.store.commit([write], direct);
}

describe('applyJob', () => {
  it('gives a job to the Egg with the fewest extra tags, and the next one to another when that is full', async () => {
    await see({ jobId: 1 });
    await see({ jobId: 2 });

    expect([await eggOf(1), await eggOf(2)]).toEqual(['small', 'big']);
  });

  it('asks for the tags of a job that is pending without them', async () => {
    const { tags: _tags, ...untagged } = aSighting();

    expect(await applyJob(plane.deps, untagged, direct)).toBe('tags_needed');
    expect(await plane.recording.rows('ci_jobs')).toEqual([]);
  });

  it('changes nothing when it sees the same again', async () => {
    await see();
    const before = await jobOf(1);

    expect(await see()).toBe('unchanged');
    expect(await jobOf(1)).toEqual(before);
  });

  it('keeps a job that no Egg matches, with the reason', async () => {
    await see({ tags: ['gpu'] });

    expect(await jobOf(1)).toMatchObject({ open: '-', reason: 'no_matching_egg', status: 'pending' });
    expect(await plane.recording.rows('egg_members')).toEqual([]);
  });

  it('lets a job move on when its Egg could not serve it for 30 seconds', async () => {
    await see();
    const stuck = { wait_cause: 'frozen', blocked_since: plane.clock.now() };
    await setRow('ci_jobs', { partition: 'gitlab.com#1', sort: 1 }, stuck);
    await setRow('switches', { partition: 'freeze/small' }, { on: true, by: 'me', why: 'x', at: 0 });

    await plane.clock.advance(29_000);
    await see();
    expect(await eggOf(1)).toBe('small');
    await plane.clock.advance(1_000);
    await see();

    expect(await eggOf(1)).toBe('big');
    expect(await plane.recording.rows('egg_members')).toMatchObject([{ egg_name: 'big' }]);
  });

  it('stays while a runner launched for it boots', async () => {
    await see();
    const starting = { wait_cause: 'starting_runner', blocked_since: plane.clock.now() };
    await setRow('ci_jobs', { partition: 'gitlab.com#1', sort: 1 }, starting);
    await setRow('switches', { partition: 'freeze/small' }, { on: true, by: 'me', why: 'x', at: 0 });
    await plane.clock.advance(60_000);
    await see();

    expect(await eggOf(1)).toBe('small');
  });

  it('waits in the best Egg, with the reason, where none can take it', async () => {
    await setRow('egg_state', { partition: 'small' }, { backoff_until: plane.clock.now() + 60_000 });
    await setRow('switches', { partition: 'freeze/big' }, { on: true, by: 'me', why: 'x', at: 0 });
    await see();

    expect(await jobOf(1)).toMatchObject({ egg_name: 'small', reason: 'backoff' });
  });

  it('is open from pending to its end only, and is forgotten a month later', async () => {
    await see({ status: 'manual', queuedAt: 5 });
    expect(await jobOf(1)).not.toHaveProperty('open');
    expect(await jobOf(1)).not.toHaveProperty('finished_at');

    await plane.clock.advance(10_000);
    await see({ status: 'pending' });
    expect(await jobOf(1)).toMatchObject({ open: 'small', queued_at: plane.clock.now() });
    expect(await jobOf(1)).not.toHaveProperty('expires_at');

    await plane.clock.advance(10_000);
    await see({ status: 'failed', failureReason: 'script_failure' });
    expect(await jobOf(1)).toMatchObject({
      failure_reason: 'script_failure',
      finished_at: plane.clock.now(),
    });
    expect(await jobOf(1)).not.toHaveProperty('open');
    await plane.clock.advance(31 * 86_400_000);
    expect(await jobOf(1)).toBeUndefined();
  });

  it('lets a skipped job wait again without the end it had', async () => {
    await see({ status: 'skipped' });
    await see({ status: 'pending' });

    expect(await jobOf(1)).toMatchObject({ status: 'pending', open: 'small' });
    expect(await jobOf(1)).not.toHaveProperty('finished_at');
  });

  it('counts how long a job waited when it starts, once', async () => {
    const waited: [string, number][] = [];
    const jobWaited = (cause: string, seconds: number) => void waited.push([cause, seconds]);
    const deps = { ...plane.deps, metrics: { ...plane.deps.metrics, jobWaited } };
    await see();
    await plane.clock.advance(12_000);
    await applyJob(deps, aSighting({ status: 'running' }), direct);
    await applyJob(deps, aSighting({ status: 'running' }), direct);

    expect(waited).toEqual([['served_by_idle', 12]]);
  });

  it('gives a job to nobody twice when two hear of it at once', async () => {
    await Promise.all([see(), see(), see({ failureReason: 'x' })]);

    const members = await plane.recording.rows('egg_members');
    expect(members).toHaveLength(1);
    expect(await eggOf(1)).toBe('small');
  });

  it('keeps Σ demand over the Eggs equal to the pending jobs that match', async () => {
    const tag = fc.constantFrom('linux', 'gpu', 'arm');
    const egg = fc.record({
      project: fc.constantFrom(1, 2, 3),
      tags: fc.uniqueArray(tag, { minLength: 1 }),
      concurrent: fc.integer({ min: 1, max: 3 }),
    });
    const eggs = fc.array(egg, { minLength: 1, maxLength: 4 });
    const seen = fc.record({
      jobId: fc.integer({ min: 1, max: 6 }),
      project: fc.constantFrom(1, 2, 3),
      status: fc.constantFrom('created', 'pending', 'pending', 'running', 'success', 'canceled'),
      tags: fc.uniqueArray(tag, { minLength: 1, maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(eggs, fc.array(seen, { maxLength: 15 }), async (some, sightings) => {
        await aPlane(Object.fromEntries(some.map((given, index) => [`egg-${index}`, given])));
        for (const { jobId, project, status, tags } of sightings) {
          await see({ jobId: jobId + 100 * project, serverProject: `gitlab.com#${project}`, status, tags });
        }

        const open = (await plane.recording.rows('ci_jobs')).filter((row) => row['status'] === 'pending');
        const matched = open.filter((job) =>
          some.some(({ project, tags }) => {
            const wanted = [job['tags']].flat();
            return (
              job['server_project'] === `gitlab.com#${project}` &&
              wanted.every((one) => tags.some((t) => t === one))
            );
          }),
        );
        const members = await plane.recording.rows('egg_members');
        expect(members.filter((row) => row['state'] === 'pending')).toHaveLength(matched.length);
        expect(new Set(members.map((row) => row['item'])).size).toBe(members.length);
      }),
    );
  });
});
