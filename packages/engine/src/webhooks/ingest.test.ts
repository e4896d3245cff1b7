import { Secret, sha256Hex } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob, type HookEvent, sendEvent } from '../testing/gitlab-model.ts';
import { direct, install, requestOf } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { isSigned } from './ingest.ts';

let plane: ControlPlane;

async function aPlane(options: { signs?: boolean } = {}) {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app').set(2, 'group/other');
  plane.model.signs = options.signs ?? false;
  await install(plane, nestOf({ app: { project: 1 }, other: { project: 2 } }));
}

beforeEach(() => aPlane());

/** The event of a job that GitLab has just sent for project 1. */
function aJobEvent(): HookEvent {
  addJob(plane.model, { projectId: 1 });
  const event = plane.model.sent.pop();
  if (event === undefined) expect.unreachable('GitLab sent nothing');
  return event;
}

async function ingest(event: HookEvent) {
  const answer = await plane.engine().webhooks.ingest(requestOf(event), direct);
  return answer.kind;
}

describe('ingest', () => {
  it('keeps a delivery and its wake-up, and nothing of what people wrote', async () => {
    expect(await ingest(aJobEvent())).toBe('accepted');

    const [delivery] = await plane.recording.rows('webhook_deliveries');
    expect(delivery).toMatchObject({ server_project: 'gitlab.com#1', kind: 'job', state: 'received' });
    const everything = [delivery, ...(await plane.recording.rows('outbox'))];
    expect(JSON.stringify(everything)).not.toMatch(/a\.person|words of a person/);
    expect(everything).toContainEqual(
      expect.objectContaining({ merge_key: `webhook ${delivery?.['dedup_key']}` }),
    );
  });

  it('takes a delivery that comes twice for one', async () => {
    const event = aJobEvent();

    expect([await ingest(event), await ingest(event)]).toEqual(['accepted', 'duplicate']);
    expect(await plane.recording.rows('webhook_deliveries')).toHaveLength(1);
  });

  it('knows a repeated delivery by its body where no header names it', async () => {
    const event = { ...aJobEvent(), headers: { 'x-gitlab-event': 'Job Hook' } };

    expect([await ingest(event), await ingest(event)]).toEqual(['accepted', 'duplicate']);
  });

  it('denies a token of another project, and one that nobody has', async () => {
    const { token: mine } = aJobEvent();
    addJob(plane.model, { projectId: 2 });
    const [foreign] = plane.model.sent;
    if (foreign === undefined) expect.unreachable();

    expect(await ingest({ ...foreign, token: mine })).toBe('denied');
    expect(await ingest({ ...foreign, token: 'a guess' })).toBe('denied');
    expect(await plane.engine().webhooks.checkToken('a guess', direct)).toEqual({ kind: 'unknown' });
    expect(await plane.recording.rows('webhook_deliveries')).toEqual([]);
  });

  it('accepts a previous token until its end', async () => {
    const event = { ...aJobEvent(), token: 'the one before' };
    const key = { table: 'webhook_tokens', partition: sha256Hex(event.token), sort: 'gitlab.com#1' } as const;
    const set = { egg_name: 'app', until: plane.clock.now() + 60_000 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);

    expect(await ingest(event)).toBe('accepted');
    await plane.clock.advance(60_001);
    expect(await ingest(event)).toBe('denied');
  });

  it('asks again what a token is good for when its body took long to come', async () => {
    const event = aJobEvent();
    const { webhooks } = plane.engine();
    const check = await webhooks.checkToken(event.token, direct);
    if (check.kind === 'unknown') expect.unreachable();
    const request = { ...requestOf(event), ...check };
    const key = { table: 'webhook_tokens', partition: check.tokenSha256, sort: 'gitlab.com#1' } as const;
    await plane.deps.store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], direct);

    await plane.clock.advance(1_001);

    expect(await webhooks.ingest(request, direct)).toEqual({ kind: 'denied' });
  });

  it('reads what a token is good for once in a second, however many deliveries come', async () => {
    const event = aJobEvent();
    const reads = vi.spyOn(plane.deps.store, 'list');
    const { webhooks } = plane.engine();
    const deliver = async () => {
      const check = await webhooks.checkToken(event.token, direct);
      if (check.kind === 'unknown') expect.unreachable();
      return (await webhooks.ingest({ ...requestOf(event), ...check }, direct)).kind;
    };

    expect([await deliver(), await deliver(), await deliver()]).toEqual([
      'accepted',
      'duplicate',
      'duplicate',
    ]);
    expect(reads).toHaveBeenCalledTimes(1);
    await plane.clock.advance(1_001);
    await deliver();
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it('looks for a token that nobody has each time: it may have come meanwhile', async () => {
    const event = { ...aJobEvent(), token: 'just made' };
    const { webhooks } = plane.engine();
    expect(await webhooks.checkToken(event.token, direct)).toEqual({ kind: 'unknown' });
    const key = { table: 'webhook_tokens', partition: sha256Hex(event.token), sort: 'gitlab.com#1' } as const;
    await plane.deps.store.commit(
      [{ kind: 'update', key, set: { egg_name: 'app' }, when: { kind: 'any' } }],
      direct,
    );

    expect(await webhooks.checkToken(event.token, direct)).toMatchObject({ kind: 'known' });
  });

  it('answers what it cannot read, and what it has no use for', async () => {
    const event = aJobEvent();
    const of = (text: string) => ({ ...event, body: new TextEncoder().encode(text) });

    expect(await ingest(of('{'))).toBe('bad_json');
    expect(await ingest(of('[]'))).toBe('bad_json');
    expect(await ingest({ ...event, body: new Uint8Array([0xff]) })).toBe('bad_json');
    expect(await ingest(of('{"object_kind":"wiki_page","project_id":1}'))).toBe('ignored');
    expect(await ingest(of('{"object_kind":"build","project_id":1}'))).toBe('ignored');
    expect(await ingest(of('{"object_kind":"build"}'))).toBe('denied');
  });

  it('keeps the facts of the other events it acts on', async () => {
    const bodies = [
      { object_kind: 'pipeline', project: { id: 1 } },
      {
        object_kind: 'push',
        project_id: 1,
        ref: 'refs/heads/main',
        after: 'abc',
        commits: [{ message: 'x' }],
      },
      { object_kind: 'merge_request', project: { id: 1 }, object_attributes: { title: 'x' } },
    ];
    for (const body of bodies) sendEvent(plane.model, { projectId: 1, event: '', body });
    for (const event of plane.model.sent.splice(0)) expect(await ingest(event)).toBe('accepted');

    const facts = (await plane.recording.rows('webhook_deliveries')).map((row) => row['facts']);
    expect(facts).toEqual([
      { kind: 'pipeline', projectId: 1 },
      { kind: 'push', projectId: 1, ref: 'refs/heads/main', after: 'abc' },
      { kind: 'merge_request', projectId: 1 },
    ]);
  });

  it('sweeps the projects of a token whose body was too big', async () => {
    const { tokenSha256 } = requestOf(aJobEvent());
    const countSweeps = async () =>
      (await plane.recording.rows('outbox')).filter((row) => row['merge_key'] === 'sweep gitlab.com#1')
        .length;
    const before = await countSweeps();

    await plane.engine().webhooks.sweepProjectsOf(tokenSha256, direct);

    expect(await countSweeps()).toBe(before + 1);
  });
});

describe('ingest where a signing token is set', () => {
  beforeEach(() => aPlane({ signs: true }));

  it('accepts a signed delivery', async () => {
    expect(await ingest(aJobEvent())).toBe('accepted');
  });

  it('denies a bad, an absent and an old signature in spite of the good token', async () => {
    const event = aJobEvent();
    const { 'webhook-signature': _signature, ...unsigned } = event.headers;
    const other = new TextEncoder().encode(
      '{"object_kind":"build","build_id":9,"project_id":1,"build_status":"pending"}',
    );

    expect(await ingest({ ...event, body: other })).toBe('denied');
    expect(await ingest({ ...event, headers: unsigned })).toBe('denied');
    await plane.clock.advance(6 * 60_000);
    expect(await ingest(event)).toBe('denied');
  });

  it('finds the right one among several signatures, and refuses a time that is none', () => {
    const { headers, body } = aJobEvent();
    const secret = [...plane.model.hooks.values()].find(({ projectId }) => projectId === 1)?.spec
      .signingToken;
    const key = secret ?? new Secret('');
    const now = plane.clock.now();
    const two = { ...headers, 'webhook-signature': `v1,AAAA v2,x ${headers['webhook-signature']}` };

    expect(isSigned({ headers: two, body }, key, now)).toBe(true);
    expect(isSigned({ headers: { ...two, 'webhook-timestamp': 'now' }, body }, key, now)).toBe(false);
    expect(isSigned({ headers: {}, body }, key, now)).toBe(false);
  });
});
