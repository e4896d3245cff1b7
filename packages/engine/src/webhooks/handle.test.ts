import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { bindNest } from '../bind/bind-nest.ts';
import { readAndApplyJob } from '../demand/read-job.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob, type HookEvent, sendEvent, setStatus } from '../testing/gitlab-model.ts';
import { direct, install, requestOf } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { handleDelivery } from './handle.ts';

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  const nest = {
    url: 'ssh://git@gitlab.com/group/nest',
    project: { server: 'gitlab.com', url: 'https://gitlab.com', path: 'group/nest' },
  };
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: { nest } });
  plane.model.projects.set(1, 'group/app').set(9, 'group/nest');
  await install(plane, nestOf({ app: {} }));
  await bindNest(plane.deps, direct);
});

/** Takes these events in, and handles them, in this order. */
async function handle(events: readonly HookEvent[]): Promise<void> {
  for (const event of events) {
    await plane.engine().webhooks.ingest(requestOf(event), direct);
    await handleDelivery(plane.deps, `${projectOf(event)}#${event.headers['webhook-id']}`, direct);
  }
}

function projectOf(event: HookEvent): string {
  const body = JSON.parse(new TextDecoder().decode(event.body));
  return `gitlab.com#${body.project_id}`;
}

async function jobs() {
  return plane.recording.rows('ci_jobs');
}

async function messages(kind: string): Promise<unknown[]> {
  return (await plane.recording.rows('outbox'))
    .filter((row) => String(row['merge_key']).startsWith(`${kind} `))
    .map((row) => [row['merge_key'], Number(row['visible_at']) - plane.clock.now()]);
}

describe('handleDelivery', () => {
  it('reads the tags of a pending job from GitLab and gives it to the Egg that has them', async () => {
    const job = addJob(plane.model, { projectId: 1 });

    await handle(plane.model.sent.splice(0));

    expect(await jobs()).toMatchObject([
      { job_id: job.id, status: 'pending', egg_name: 'app', tags: ['linux'] },
    ]);
    expect(await plane.recording.rows('egg_members')).toMatchObject([{ item: `job#gitlab.com#1#${job.id}` }]);
  });

  it('reaches the same end when the events of a job come in any order', async () => {
    const job = addJob(plane.model, { projectId: 1 });
    setStatus(plane.model, job, 'running');
    setStatus(plane.model, job, 'success');
    const [pending, running, success] = plane.model.sent.splice(0);
    const events = [running, pending, success, pending].filter((event) => event !== undefined);

    await handle(events.toReversed());

    expect(await jobs()).toMatchObject([{ job_id: job.id, status: 'success', rank: 4 }]);
    expect(await jobs()).toEqual([expect.not.objectContaining({ open: expect.anything() })]);
    expect(await plane.recording.rows('egg_members')).toEqual([]);
  });

  it('closes a job that GitLab no longer has', async () => {
    const job = addJob(plane.model, { projectId: 1 });
    await handle(plane.model.sent.splice(0));
    plane.model.jobs.delete(job.id);

    await readAndApplyJob(plane.deps, { project: 'gitlab.com#1', jobId: job.id }, direct);

    expect(await jobs()).toMatchObject([{ status: 'canceled', failure_reason: 'not_found' }]);
  });

  it('changes nothing for a word that GitLab has invented', async () => {
    const job = addJob(plane.model, { projectId: 1, status: 'hibernating' });
    await handle(plane.model.sent.splice(0));
    expect(await jobs()).toEqual([]);

    setStatus(plane.model, job, 'pending');
    await handle(plane.model.sent.splice(0));
    const before = await jobs();
    setStatus(plane.model, job, 'constructor');
    await handle(plane.model.sent.splice(0));
    expect(await jobs()).toEqual(before);
  });

  it('sweeps a bound project for its other events, at most once in ten seconds', async () => {
    sendEvent(plane.model, {
      projectId: 1,
      event: 'Push Hook',
      body: { object_kind: 'push', project_id: 1 },
    });
    await handle(plane.model.sent.splice(0));
    expect(await messages('sweep')).toContainEqual(['sweep gitlab.com#1', 0]);

    const key = { table: 'projects', partition: 'gitlab.com#1' } as const;
    const set = { last_swept_at: plane.clock.now() - 4_000 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
    sendEvent(plane.model, {
      projectId: 1,
      event: 'Push Hook',
      body: { object_kind: 'push', project_id: 1 },
    });
    await handle(plane.model.sent.splice(0));
    expect(await messages('sweep')).toContainEqual(['sweep gitlab.com#1', 6_000]);
  });

  it('syncs at a push of the Nest, and sweeps nothing there', async () => {
    sendEvent(plane.model, {
      projectId: 9,
      event: 'Push Hook',
      body: { object_kind: 'push', project_id: 9 },
    });

    await handle(plane.model.sent.splice(0));

    expect(await messages('sync')).toHaveLength(1);
    expect(await messages('sweep')).not.toContainEqual(['sweep gitlab.com#9', 0]);
  });

  it('does nothing for a delivery that has expired', async () => {
    await handleDelivery(plane.deps, 'gitlab.com#1#long ago', direct);

    expect(await jobs()).toEqual([]);
  });

  it('notes at most once a minute that the webhook delivers', async () => {
    addJob(plane.model, { projectId: 1 });
    await handle(plane.model.sent.splice(0));
    const first = plane.clock.now();
    await plane.clock.advance(30_000);
    addJob(plane.model, { projectId: 1 });
    await handle(plane.model.sent.splice(0));

    const project = (await plane.recording.rows('projects')).find(
      (row) => row['server_project'] === 'gitlab.com#1',
    );
    expect(project).toMatchObject({ last_delivery_at: first });
  });
});
