import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Hook } from '@polar-gosling/gitlab-sim';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Delivery, deliver, payload } from './support/delivery.ts';
import { endWorld } from './support/end-world.ts';
import { registered } from './support/jobs.ts';
import { type Sshd, startSshd } from './support/sshd.ts';
import { createWorld, localEgg, pace, publicHere, type Running, until, type World } from './support/world.ts';

let world: World;
let up: Running;
let sshd: Sshd;
let app: { id: number; jobId: number; hook: Hook };
let nest: { id: number; hook: Hook };
const swept: { kind: string; id: number; hook: Hook }[] = [];

const ciYaml = 'test:\n  tags: [docker]\n  script:\n    - echo done\n';
const sweeping = ['pipeline_hook', 'push_hook', 'merge_request_hook_open', 'tag_push_hook'];
let deliveries = 0;

beforeAll(async () => {
  world = await createWorld();
  sshd = await startSshd({ authorizedKeys: [] });
  const nestUrl = sshd.url(world.nest.bare);
  const members = { ada: 'owner' } as const;
  const nestPath = world.nest.bare.replace(/^\//, '').replace(/\.git$/, '');
  const { id: nestId } = world.sim.addProject({ path: nestPath, members });
  const add = (name: string) => world.sim.addProject({ path: `gitlab-org/${name}`, ciYaml, members });
  const { id } = add('gitlab-test');
  const others = sweeping.map((kind) => ({ kind, id: add(kind).id }));
  await authorize();
  const eggs = [{ kind: 'app', id }, ...others].map(({ kind, id: projectId }) => {
    const name = kind.replaceAll('_', '-');
    return [`Eggs/${name}/config.fly`, localEgg(world, { name, projectId, tags: ['docker'] })];
  });
  await world.pushNest(Object.fromEntries(eggs));
  // Nothing but what the test sends tells of anything.
  world.sim.faults.addHookFault({ action: 'drop' });
  up = await world.up({
    ...publicHere(world),
    ...pace({ sweepEveryMs: 3_600_000, syncEveryMs: 3_600_000 }),
    GOSLING_NEST_URL: nestUrl,
    GOSLING_NEST_GITLAB_URL: world.gitlabUrl,
  });
  await registered(world, eggs.length);
  await world.api('/freeze', { method: 'PUT', body: JSON.stringify({ why: 'payloads only' }) });
  nest = { id: nestId, hook: await hookOf(nestId) };
  for (const other of others) swept.push({ ...other, hook: await hookOf(other.id) });
  const hook = await hookOf(id);
  world.sim.push(id);
  app = { id, hook, jobId: world.sim.jobs(id)[0]?.id ?? 0 };
});

afterAll(async () => {
  await endWorld(world);
  await sshd[Symbol.asyncDispose]();
});

async function authorize(): Promise<void> {
  const made = await world.cli(['init', '--path', world.nest.tree]);
  expect(made.code).toBe(0);
  const shown = await world.cli(['secret', 'explain', 'deploy-keys/mothergoose-public', '--json']);
  sshd.authorize([JSON.parse(shown.stdout).value]);
}

function hookOf(projectId: number): Promise<Hook> {
  return until(`project ${projectId} has its webhook`, () => world.sim.hooks(projectId)[0]);
}

function send(
  name: string,
  at: { id: number; hook: Hook; jobId?: number },
): Promise<{ status: number; body: string }> {
  deliveries += 1;
  const body = payload(name, { projectId: at.id, ...(at.jobId !== undefined && { jobId: at.jobId }) });
  return deliver(up.url, { body, hook: at.hook, id: `delivery-${deliveries}` });
}

async function ciJobs(): Promise<Record<string, unknown>[]> {
  return (await world.api('/ci-jobs?limit=100')).body.items;
}

/** What the control plane knows of the job, by its demand and by `why`. */
async function known(): Promise<{
  open: string | undefined;
  waiting: number;
  verdict: string;
  steps: string;
}> {
  const job = (await ciJobs()).find(({ job_id }) => job_id === app.jobId);
  const { body: status } = await world.api('/eggs/app/status');
  const { body: why } = await world.api(`/why/${world.server}/${app.id}/${app.jobId}`);
  const steps = why.steps.map(({ what, detail }: Record<string, string>) => `${what}: ${detail}`).join('; ');
  return {
    open: job === undefined ? undefined : `${job['status']} of ${job['egg_name']}`,
    waiting: status.waiting_jobs,
    verdict: why.verdict,
    steps,
  };
}

/** How many deliveries were accepted, and how many of them the worker has done with. */
async function counts(): Promise<{ accepted: number; worked: number }> {
  const { body } = await world.api('/metrics');
  const accepted = /gosling_webhook_deliveries_total\{result="accepted"\} (\d+)/.exec(body)?.[1];
  const worked = /gosling_tasks_total\{kind="webhook",result="ok"\} (\d+)/.exec(body)?.[1];
  return { accepted: Number(accepted ?? 0), worked: Number(worked ?? 0) };
}

/** Waits until the worker has done with every accepted delivery; answers how many there were. */
function settled(): Promise<number> {
  return until('every delivery is worked on', async () => {
    const { accepted, worked } = await counts();
    return worked === accepted ? accepted : undefined;
  });
}

/** Delivers a payload about the job; answers what is known once it was worked on. */
async function tell(name: string): Promise<Awaited<ReturnType<typeof known>>> {
  const answer = await send(name, app);
  expect(answer).toEqual({ status: 200, body: '{"status":"accepted"}' });
  await settled();
  return known();
}

it('follows a job from created to failed by its events, whatever their order', async () => {
  const nothing = { open: undefined, waiting: 0 };
  const running = { open: 'running of app', waiting: 0, verdict: 'running' };

  expect(await tell('job_hook_created')).toMatchObject({ ...nothing, verdict: 'waiting' });
  expect(await tell('job_hook_doc_example')).toMatchObject(nothing);
  expect(await tell('job_hook_pending')).toMatchObject({
    ...{ open: 'pending of app', waiting: 1, verdict: 'waiting' },
    steps: expect.stringContaining('with the tags docker'),
  });
  expect(await tell('job_hook_running')).toMatchObject(running);
  // What comes late changes nothing.
  expect(await tell('job_hook_pending')).toMatchObject(running);
  expect(await tell('job_hook_doc_example')).toMatchObject(running);
  const failed = { ...nothing, verdict: 'done', steps: expect.stringContaining('failed: script_failure') };
  expect(await tell('job_hook_failed')).toMatchObject(failed);
  expect(await tell('job_hook_running')).toMatchObject(failed);
});

it('looks at a project when it hears of a pipeline, a push, a merge request or a tag', async () => {
  for (const { id } of swept) world.sim.push(id);
  expect(await ciJobs()).toEqual([]);

  for (const one of swept) expect(await send(one.kind, one)).toMatchObject({ status: 200 });

  await until('the job of each project is known', async () =>
    (await ciJobs()).length === 4 ? true : undefined,
  );
  const jobs = await ciJobs();
  expect(jobs.map(({ egg_name, status }) => `${egg_name} ${status}`).toSorted()).toEqual(
    sweeping.map((kind) => `${kind.replaceAll('_', '-')} pending`).toSorted(),
  );
});

it.each(['push_hook', 'tag_push_hook'])('syncs the Nest when it hears of a %s there', async (name) => {
  const commit = await world.pushNest({ 'NOTES.md': name });

  expect(await send(name, nest)).toEqual({ status: 200, body: '{"status":"accepted"}' });

  await until(`${commit} is synced`, async () => {
    const { body } = await world.api('/sync?limit=1');
    return body.items[0]?.git_commit === commit ? true : undefined;
  });
});

it('shows how deep the queue is and how old its oldest message', async () => {
  await settled();

  const { body } = await world.api('/metrics');

  const depth = [...body.matchAll(/^gosling_queue_messages\{state="(\w+)"\} (\d+)$/gm)];
  expect(depth.map(([, state]) => state).toSorted()).toEqual(['buried', 'delayed', 'leased', 'ready']);
  expect(depth.find(([, state]) => state === 'buried')?.[2]).toBe('0');
  expect(body).toMatch(/^gosling_queue_oldest_seconds \d/m);
});

it('takes a merge request of the Nest and an event of no interest without a word', async () => {
  const note = { object_kind: 'note', project_id: app.id, project: { id: app.id } };

  expect(await send('merge_request_hook_open', nest)).toMatchObject({ status: 200 });
  expect(await deliver(up.url, { body: note, hook: app.hook, id: 'a-note' })).toEqual({
    status: 200,
    body: '{"status":"ignored"}',
  });
});

it('works on a delivery once, however often it comes', async () => {
  const body = payload('job_hook_failed', { projectId: app.id, jobId: app.jobId });
  const before = await settled();

  const answers = [];
  for (let time = 0; time < 3; time++) {
    answers.push(await deliver(up.url, { body, hook: app.hook, id: 'thrice' }));
  }

  expect(answers.map((answer) => `${answer.status} ${answer.body}`)).toEqual([
    '200 {"status":"accepted"}',
    '200 {"status":"duplicate"}',
    '200 {"status":"duplicate"}',
  ]);
  expect(await settled()).toBe(before + 1);
});

it('refuses tokens that are wrong, absent or of another project, and signatures that are wrong or old', async () => {
  const body = payload('job_hook_pending', { projectId: app.id, jobId: app.jobId });
  const [other] = swept;
  const refused = (headers: Record<string, string | undefined>, hook: Delivery['hook'] = app.hook) =>
    deliver(up.url, { body, hook, id: 'refused', headers });

  const answers = [
    await refused({ 'X-Gitlab-Token': 'wrong' }),
    await refused({ 'X-Gitlab-Token': undefined }),
    await refused({}, other?.hook),
    await refused({ 'webhook-signature': 'v1,bm90IG91cnM=' }),
    await refused({ 'webhook-signature': undefined }),
    await refused({ 'webhook-timestamp': '1744578123' }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
  const texts = answers.map((answer) => JSON.parse(answer.body)).map(({ instance: _, ...rest }) => rest);
  expect(new Set(texts.map((text) => JSON.stringify(text))).size).toBe(1);
  expect(JSON.stringify(texts)).not.toContain('gitlab-test');
});

/** A message as it lies when ten workers in a row died of it: the next one puts it aside. */
function leaveDeadly(id: string): void {
  const now = Date.now();
  const message = { v: 1, kind: 'sync', key: 'nest', trace: id };
  const times = { visible_at: now, sent_at: now, updated_at: now };
  const row = { id, queue: 'work', unsent: 'work', message, ...times, receives: 10, version: 1 };
  const db = new DatabaseSync(join(world.dataDir, 'gosling.db'), { timeout: 10_000 });
  db.prepare('INSERT INTO outbox (id, doc) VALUES (?, ?)').run(id, JSON.stringify({ c: row }));
  db.close();
}

function isLeft(id: string): boolean {
  const db = new DatabaseSync(join(world.dataDir, 'gosling.db'), { readOnly: true, timeout: 10_000 });
  const row = db.prepare('SELECT id FROM outbox WHERE id = ?').get(id);
  db.close();
  return row !== undefined;
}

async function tasks(...args: string[]): Promise<{ code: number; told: ReturnType<typeof JSON.parse> }> {
  const { code, stdout } = await world.cli(['tasks', ...args, '--json']);
  return { code, told: JSON.parse(stdout) };
}

async function syncsDone(): Promise<number> {
  const { body } = await world.api('/metrics');
  return Number(/gosling_tasks_total\{kind="sync",result="ok"\} (\d+)/.exec(body)?.[1]);
}

it('lists a task that was put aside, works on it again when told to, and throws it away when told to', async () => {
  const putAside = (id: string) =>
    until(`${id} is put aside`, async () => {
      const { body } = await world.api('/tasks');
      return body.items[0]?.id === id ? true : undefined;
    });
  const before = await syncsDone();
  leaveDeadly('deadly-1');
  await putAside('deadly-1');

  expect(await tasks('list')).toEqual({
    code: 0,
    told: {
      items: [
        {
          ...{ id: 'deadly-1', kind: 'sync', key: 'nest', trace: 'deadly-1', receives: 11 },
          reason: '10 workers in a row died or hung while they had it',
          buried_at: expect.any(String),
        },
      ],
      queue: expect.objectContaining({ buried: 1 }),
    },
  });

  expect(await tasks('redrive', 'deadly-1')).toEqual({ code: 0, told: { done: ['deadly-1'], failed: [] } });
  await until('it is done', async () =>
    !isLeft('deadly-1') && (await syncsDone()) > before ? true : undefined,
  );
  const none = { code: 0, told: { items: [], queue: expect.objectContaining({ buried: 0 }) } };
  expect(await tasks('list')).toEqual(none);

  leaveDeadly('deadly-2');
  await putAside('deadly-2');
  expect(await tasks('purge', 'deadly-2')).toEqual({ code: 0, told: { done: ['deadly-2'], failed: [] } });
  expect(await tasks('list')).toEqual(none);
  expect(isLeft('deadly-2')).toBe(false);
  expect(await tasks('redrive', 'deadly-2')).toMatchObject({ code: 5 });
});
