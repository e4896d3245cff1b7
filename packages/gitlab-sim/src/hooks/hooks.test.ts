import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aShiftableClock, aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at } from '../testing/api-client.ts';
import { createHookReceiver, type HookReceiver } from '../testing/hook-receiver.ts';

const key = Buffer.alloc(32, 9);
const signingToken = `whsec_${key.toString('base64')}`;

let tested: SimUnderTest;
let receiver: HookReceiver;
let clock: ReturnType<typeof aShiftableClock>;

beforeEach(async () => {
  clock = aShiftableClock();
  tested = await aSim({ clock });
  receiver = await createHookReceiver();
});
afterEach(async () => {
  await tested.sim.close();
  await receiver.close();
});

async function addHook(fields: object = {}): Promise<number> {
  const body = { url: receiver.url, push_events: false, job_events: true, ...fields };
  return Number(at((await tested.api('POST', hooksPath(), { body })).body, 'id'));
}

function hooksPath(rest = ''): string {
  return `/projects/${tested.projectId}/hooks${rest}`;
}

/** Sends that many push events, one after the other. */
async function push(times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    tested.sim.pushHookOnly(tested.projectId);
    await tested.sim.hooksIdle();
  }
}

const statusesSeen = () => receiver.received.map(({ body }) => at(JSON.parse(body), 'build_status'));

describe('a delivery', () => {
  it('carries the headers of GitLab, in their case', async () => {
    await addHook({ token: 'plain-secret', custom_headers: [{ key: 'X-Team', value: 'geese' }] });

    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    const [first] = receiver.received;
    expect(first?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.4.1',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': 'plain-secret',
      'x-gitlab-instance': tested.url,
      'idempotency-key': first?.headers['webhook-id'],
      'x-team': 'geese',
    });
    expect(first?.rawHeaders).toEqual(expect.arrayContaining(['X-Gitlab-Event', 'webhook-timestamp']));
    expect(first?.headers['webhook-signature']).toBeUndefined();
    for (const name of ['webhook-id', 'x-gitlab-event-uuid', 'x-gitlab-webhook-uuid']) {
      expect(first?.headers[name]).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }
  });

  it('is signed so that the Standard Webhooks formula confirms it', async () => {
    await addHook({ signing_token: signingToken });

    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    const [first] = receiver.received;
    const headers = first?.headers ?? {};
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${first?.body}`;
    const expected = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(headers['x-gitlab-token']).toBeUndefined();
  });

  it('goes only to hooks that asked for the event, of that project', async () => {
    await addHook({ job_events: false, pipeline_events: true });
    const other = tested.sim.addProject({ path: 'other/app', members: { ann: 'owner' } });
    await tested.api('POST', `/projects/${other.id}/hooks`, {
      body: { url: receiver.url, job_events: true },
    });

    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    expect(new Set(receiver.received.map(({ headers }) => headers['x-gitlab-event']))).toEqual(
      new Set(['Pipeline Hook']),
    );
  });

  it('tells created, pending, running and the end of a job, in that order', async () => {
    await addHook();
    const { token } = await tested.newRunner();
    tested.sim.runPipeline(tested.projectId);
    const taken = await tested.api('POST', '/jobs/request', { body: { token, system_id: 'r_abcdefghij12' } });
    await tested.api('PUT', `/jobs/${at(taken.body, 'id')}`, {
      body: { token: at(taken.body, 'token'), state: 'success' },
    });
    await tested.sim.hooksIdle();

    expect(statusesSeen()).toEqual(['created', 'pending', 'running', 'success']);
    expect(receiver.received.map(({ body }) => at(JSON.parse(body), 'runner', 'id'))).toEqual([
      undefined,
      undefined,
      tested.sim.runners()[0]?.id,
      tested.sim.runners()[0]?.id,
    ]);
  });

  it('is not repeated when it fails, but can be resent with the same message id', async () => {
    const id = await addHook();
    receiver.statuses.push(500);
    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();
    const failed = await tested.api('GET', hooksPath(`/${id}/events?status[]=server_failure`));

    const resent = await tested.api('POST', hooksPath(`/${id}/events/${at(failed.body, 0, 'id')}/resend`));

    const [first, , again] = receiver.received;
    expect(receiver.received).toHaveLength(3);
    expect(failed.body).toHaveLength(1);
    expect(at(failed.body, 0)).toMatchObject({ response_status: '500', trigger: 'job_event' });
    expect([resent.status, at(resent.body, 'response_status')]).toEqual([201, 200]);
    expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(again?.headers['x-gitlab-event-uuid']).not.toBe(first?.headers['x-gitlab-event-uuid']);
    expect(again?.body).toBe(first?.body);
  });

  it('counts a receiver that does not answer in time as a failure', async () => {
    await tested.sim.close();
    tested = await aSim({ hookTimeoutMs: 100 });
    await addHook();
    receiver.statuses.push('hang');

    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    expect(tested.sim.deliveries.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['failed', undefined],
      ['delivered', 200],
    ]);
  });
});

describe('a hook that fails', () => {
  it('is disabled for a minute after four failures in a row, then for two', async () => {
    const id = await addHook({ push_events: true });
    receiver.statuses.push(...Array.from({ length: 5 }, () => 500));
    const show = async () => (await tested.api('GET', hooksPath(`/${id}`))).body;

    await push(3);
    const before = at(await show(), 'alert_status');
    await push(2);
    const disabled = await show();
    const skipped = tested.sim.deliveries.at(-1)?.outcome;
    clock.shift(61_000);
    const healed = at(await show(), 'alert_status');
    await push(1);
    const again = await show();

    expect([before, at(disabled, 'alert_status'), healed]).toEqual([
      'executable',
      'temporarily_disabled',
      'executable',
    ]);
    expect(skipped).toBe('skipped');
    expect(receiver.received).toHaveLength(5);
    const aheadMs = Date.parse(String(at(again, 'disabled_until'))) - clock.now();
    expect(aheadMs).toBeGreaterThan(100_000);
    expect(aheadMs).toBeLessThanOrEqual(120_000);
  });

  it('is disabled for good after forty, and healed by a test that gets a good answer', async () => {
    const id = await addHook({ push_events: true });
    receiver.statuses.push(...Array.from({ length: 40 }, () => 404));
    for (let count = 0; count < 40; count++) {
      await push(1);
      clock.shift(25 * 3_600_000);
    }
    const disabled = await tested.api('GET', hooksPath(`/${id}`));
    await push(1);

    const test = await tested.api('POST', hooksPath(`/${id}/test/push_events`));

    expect(at(disabled.body, 'alert_status')).toBe('disabled');
    expect(receiver.received).toHaveLength(41);
    expect(test.status).toBe(201);
    expect(at((await tested.api('GET', hooksPath(`/${id}`))).body, 'alert_status')).toBe('executable');
  });

  it('stays on where auto-disabling is off, as on a self-managed GitLab', async () => {
    await tested.sim.close();
    tested = await aSim({ autoDisableHooks: false });
    await addHook({ push_events: true });
    receiver.statuses.push(...Array.from({ length: 6 }, () => 500));

    await push(6);

    expect(receiver.received).toHaveLength(6);
  });
});

describe('a test of a hook', () => {
  it('needs something to send, and answers 422 with the reason when the receiver refuses', async () => {
    const id = await addHook();
    const nothing = await tested.api('POST', hooksPath(`/${id}/test/job_events`));
    receiver.statuses.push(403);

    const refused = await tested.api('POST', hooksPath(`/${id}/test/push_events`));

    expect([nothing.status, at(nothing.body, 'message')]).toEqual([422, 'Ensure the project has CI jobs.']);
    expect([refused.status, at(refused.body, 'message')]).toEqual([422, 'seen']);
  });

  it('is allowed five times a minute', async () => {
    const id = await addHook();
    const statuses: number[] = [];
    clock.shift(60_000 - (clock.now() % 60_000));

    for (let count = 0; count < 6; count++) {
      statuses.push((await tested.api('POST', hooksPath(`/${id}/test/push_events`))).status);
    }

    expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  });
});

describe('faults of deliveries', () => {
  it('drop, duplicate, reorder and delay what they are told to', async () => {
    await addHook();
    const { faults } = tested.sim;
    faults.addHookFault({ action: 'drop', times: 1 });
    faults.addHookFault({ action: 'duplicate', times: 1 });
    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();
    const dropped = statusesSeen();
    receiver.received.length = 0;

    faults.addHookFault({ action: 'reorder', trigger: 'job_events', times: 1 });
    tested.sim.runPipeline(tested.projectId);
    await expect.poll(statusesSeen).toEqual(['pending', 'created']);
    receiver.received.length = 0;
    faults.addHookFault({ action: 'delay', delayMs: 200, times: 1 });
    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    expect(dropped).toEqual(['pending', 'pending']);
    expect(statusesSeen()).toEqual(['pending', 'created']);
  });

  it('give a duplicate the same message id', async () => {
    await addHook();
    tested.sim.faults.addHookFault({ action: 'duplicate', times: 1 });

    tested.sim.runPipeline(tested.projectId);
    await tested.sim.hooksIdle();

    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });
});
