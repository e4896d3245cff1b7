import type { Store } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob, setStatus } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { sweepProject } from './sweep-project.ts';

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: {} }));
});

const sweep = () => sweepProject(plane.deps, 'gitlab.com#1', direct);

async function statuses(): Promise<unknown[]> {
  return (await plane.recording.rows('ci_jobs')).map((row) => [row['status'], row['open']]);
}

describe('sweepProject', () => {
  it('finds the jobs whose webhooks were lost, and closes those that ended unheard', async () => {
    const job = addJob(plane.model, { projectId: 1 });
    const gone = addJob(plane.model, { projectId: 1 });
    await sweep();
    expect(await statuses()).toEqual([
      ['pending', 'app'],
      ['pending', 'app'],
    ]);

    setStatus(plane.model, job, 'running');
    setStatus(plane.model, job, 'success');
    plane.model.jobs.delete(gone.id);
    await sweep();

    expect(await statuses()).toEqual([
      ['success', undefined],
      ['canceled', undefined],
    ]);
    expect(await plane.recording.rows('egg_members')).toEqual([]);
  });

  it('closes an old job that ended unheard, however many have come and gone since', async () => {
    const job = addJob(plane.model, { projectId: 1 });
    const unmatched = addJob(plane.model, { projectId: 1, tags: ['windows'] });
    await sweep();
    for (let jobId = 1_000; jobId < 1_600; jobId++) {
      const ended = { serverProject: 'gitlab.com#1', jobId, name: 'b', ref: 'm', pipelineId: 1, tags: [] };
      await applyJob(plane.deps, { ...ended, status: 'success' }, direct);
    }

    plane.model.jobs.delete(job.id);
    plane.model.jobs.delete(unmatched.id);
    await sweep();

    const rows = await plane.recording.rows('ci_jobs');
    const old = rows.filter((row) => Number(row['job_id']) < 1_000);
    expect(old.map((row) => [row['status'], row['open']])).toEqual([
      ['canceled', undefined],
      ['canceled', undefined],
    ]);
  });

  it('looks after the oldest open jobs where there are too many, and says so', async () => {
    const list: Store['list'] = async (query, options) => {
      if (query.table !== 'egg_members') return plane.deps.store.list(query, options);
      const items = Array.from({ length: 500 }, (_, nth) => ({
        egg_name: 'app',
        item: `job#gitlab.com#1#${nth}`,
        state: 'pending',
        version: 1,
        updated_at: 0,
      }));
      return { items, cursor: 'more' };
    };
    const deps = { ...plane.deps, store: { ...plane.deps.store, list } };

    await sweepProject(deps, 'gitlab.com#1', direct);

    const [state] = await plane.recording.rows('egg_state');
    expect(state?.['problems']).toMatchObject({ 'sweep gitlab.com#1': { code: 'SWEEP_CUT' } });
  });

  it('plans the next sweep, a little early each time, before it asks GitLab', async () => {
    const reader = { ...plane.deps.gitlab.reader, openJobs: () => Promise.reject(new RangeError('down')) };
    const deps = { ...plane.deps, gitlab: { ...plane.deps.gitlab, reader } };

    await expect(sweepProject(deps, 'gitlab.com#1', direct)).rejects.toThrow('down');

    const [project] = await plane.recording.rows('projects');
    const inMs = Number(project?.['next_sweep_at']) - plane.clock.now();
    expect(project?.['last_swept_at']).toBe(plane.clock.now());
    expect(inMs).toBeLessThanOrEqual(300_000);
    expect(inMs).toBeGreaterThanOrEqual(240_000);
  });

  it('wakes the check of the webhook when that is due', async () => {
    const binds = async () =>
      (await plane.recording.rows('outbox')).filter((row) => row['merge_key'] === 'bind app').length;
    const before = await binds();
    await sweep();
    expect(await binds()).toBe(before);

    await plane.clock.advance(5 * 60_000);
    await sweep();
    expect(await binds()).toBe(before + 1);
  });

  it('leaves a project alone that nobody is bound to', async () => {
    await sweepProject(plane.deps, 'gitlab.com#99', direct);

    expect(plane.gitlab.calls).not.toContain('reader.openJobs 99');
  });
});
