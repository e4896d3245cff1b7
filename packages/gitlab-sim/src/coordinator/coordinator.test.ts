import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aShiftableClock, aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at } from '../testing/api-client.ts';

const systemId = 'r_abcdefghij12';
const twoPhase = { info: { features: { two_phase_job_commit: true, cancel_gracefully: true } } };

let tested: SimUnderTest;
let clock: ReturnType<typeof aShiftableClock>;

beforeEach(async () => {
  clock = aShiftableClock();
  tested = await aSim({ clock, ciYaml: yaml });
});
afterEach(async () => {
  expect(tested.sim.violations).toEqual([]);
  await tested.sim.close();
});

const yaml = `
stages: [test, deploy]
check:
  stage: test
  script: [echo one, echo two]
  before_script: [echo zero]
  after_script: echo bye
  tags: [linux]
  retry: { max: 1, when: runner_system_failure }
  timeout: 20m
ship:
  stage: deploy
  script: echo ship
  tags: [linux]
`;

async function requestJob(token: string, extra: object = {}) {
  const body = { token, system_id: systemId, ...extra };
  return tested.api('POST', '/jobs/request', { body });
}

async function takeJob(extra: object = {}) {
  const runner = await tested.newRunner();
  tested.sim.runPipeline(tested.projectId);
  const taken = await requestJob(runner.token, extra);
  return { runner, id: Number(at(taken.body, 'id')), token: String(at(taken.body, 'token')), taken };
}

function patch(job: { id: number; token: string }, start: number, text: string) {
  return tested.api('PATCH', `/jobs/${job.id}/trace?debug_trace=false`, {
    body: Buffer.from(text),
    headers: { 'JOB-TOKEN': job.token, 'Content-Range': `${start}-${start + text.length - 1}` },
  });
}

function put(job: { id: number; token: string }, body: object) {
  return tested.api('PUT', `/jobs/${job.id}`, { body: { token: job.token, ...body } });
}

describe('asking for jobs', () => {
  it('answers 204 with a queue version while nothing is pending', async () => {
    const { token } = await tested.newRunner();

    const answer = await requestJob(token);

    expect(answer.status).toBe(204);
    expect(answer.headers.get('x-gitlab-last-update')).toMatch(/^\d+$/);
  });

  it('refuses an unknown token and an impossible system id', async () => {
    const { token } = await tested.newRunner();

    expect((await requestJob('glrt-no')).status).toBe(403);
    expect((await requestJob(token, { system_id: 'vm-1' })).status).toBe(400);
  });

  it('hands out a job with script, variables, timeout and the reasons it understands', async () => {
    const { taken } = await takeJob();

    expect(taken.status).toBe(201);
    expect(at(taken.body, 'steps', 0, 'script')).toEqual(['echo zero', 'echo one', 'echo two']);
    expect(at(taken.body, 'steps', 1)).toMatchObject({ name: 'after_script', when: 'always' });
    expect(at(taken.body, 'runner_info', 'timeout')).toBe(1200);
    expect(at(taken.body, 'features', 'failure_reasons')).toContain('runner_interrupted');
    expect(at(taken.body, 'variables')).toContainEqual(
      expect.objectContaining({ key: 'CI_PROJECT_PATH', value: 'demo/app' }),
    );
  });

  it('keeps a job pending until a two-phase runner acknowledges it', async () => {
    const job = await takeJob(twoPhase);

    const before = tested.sim.job(job.id).status;
    const second = await requestJob(job.runner.token, twoPhase);
    await put(job, { state: 'running' });

    expect(before).toBe('pending');
    expect(second.status).toBe(204);
    expect(tested.sim.job(job.id).status).toBe('running');
  });

  it('gives a job back that was handed out and never acknowledged', async () => {
    const job = await takeJob(twoPhase);

    clock.shift(120_000);
    await expect.poll(() => tested.sim.job(job.id).runnerId, { timeout: 10_000 }).toBeUndefined();

    expect(at((await requestJob(job.runner.token, twoPhase)).body, 'id')).toBe(job.id);
  });

  it('holds a long poll until a job comes, and gives none to a runner that hung up', async () => {
    await tested.sim.close();
    tested = await aSim({ longPollMs: 10_000 });
    const { token } = await tested.newRunner();
    const version = (await requestJob(token)).headers.get('x-gitlab-last-update');
    const hungUp = fetch(`${tested.url}/api/v4/jobs/request`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, system_id: systemId, last_update: version }),
      signal: AbortSignal.timeout(300),
    });
    await expect(hungUp).rejects.toThrow();

    const waiting = requestJob(token, { last_update: version });
    // Two round trips later the server has seen the first connection end.
    await tested.api('GET', '/user');
    await tested.api('GET', '/user');
    tested.sim.runPipeline(tested.projectId);

    expect((await waiting).status).toBe(201);
  });
});

describe('the log', () => {
  it('grows by offsets and says how far it got', async () => {
    const job = await takeJob();

    const first = await patch(job, 0, 'hello ');
    const second = await patch(job, 6, 'world');

    expect([first.status, first.headers.get('range')]).toEqual([202, '0-6']);
    expect([second.status, second.headers.get('range')]).toEqual([202, '0-11']);
    expect(second.headers.get('job-status')).toBe('running');
    expect(tested.sim.job(job.id).trace).toBe('hello world');
  });

  it('answers 416 with its own length to a gap, a repeat and a lying range', async () => {
    const job = await takeJob();
    await patch(job, 0, 'hello ');

    const gap = await patch(job, 9, 'x');
    const repeat = await patch(job, 0, 'hello ');
    const lying = await tested.api('PATCH', `/jobs/${job.id}/trace`, {
      body: Buffer.from('abc'),
      headers: { 'JOB-TOKEN': job.token, 'Content-Range': '6-99' },
    });

    for (const answer of [gap, repeat, lying]) {
      expect([answer.status, answer.headers.get('range')]).toEqual([416, '0-6']);
    }
    expect(tested.sim.job(job.id).trace).toBe('hello ');
  });

  it('refuses the token of another job', async () => {
    const job = await takeJob();

    expect((await patch({ id: job.id, token: 'glcbt-no' }, 0, 'x')).status).toBe(403);
  });
});

describe('the end of a job', () => {
  it('takes success with a whole log and starts the next stage', async () => {
    const job = await takeJob();
    await patch(job, 0, 'done');

    const checksum = `crc32:${crc32('done').toString(16).padStart(8, '0')}`;
    const answer = await put(job, { state: 'success', output: { checksum, bytesize: 4 } });

    expect(answer.status).toBe(200);
    expect(tested.sim.jobs().map(({ status }) => status)).toEqual(['success', 'pending']);
  });

  it('asks for the log again when its size or checksum differ', async () => {
    const job = await takeJob();
    await patch(job, 0, 'done');

    const short = await put(job, { state: 'success', output: { bytesize: 9 } });
    const wrong = await put(job, { state: 'success', output: { checksum: 'crc32:00000000', bytesize: 4 } });

    expect([short.status, wrong.status]).toEqual([412, 412]);
    expect(tested.sim.job(job.id).status).toBe('running');
  });

  it('keeps reason and exit code of a failure, skips what comes after, and does not retry a script', async () => {
    const job = await takeJob();

    await put(job, { state: 'failed', failure_reason: 'script_failure', exit_code: 3 });

    expect(tested.sim.job(job.id)).toMatchObject({ failureReason: 'script_failure', exitCode: 3 });
    expect(tested.sim.jobs().map(({ status }) => status)).toEqual(['failed', 'skipped']);
    expect(tested.sim.pipeline(tested.sim.job(job.id).pipelineId).status).toBe('failed');
  });

  it('retries by itself, once, when the reason is one of `retry:when`', async () => {
    const job = await takeJob();
    await put(job, { state: 'failed', failure_reason: 'runner_system_failure' });
    const again = await requestJob(job.runner.token);
    const second = { id: Number(at(again.body, 'id')), token: String(at(again.body, 'token')) };

    await put(second, { state: 'failed', failure_reason: 'runner_system_failure' });

    expect(second.id).not.toBe(job.id);
    expect(tested.sim.jobs().filter(({ name }) => name === 'check')).toMatchObject([
      { id: job.id, status: 'failed', isRetried: true, retriesCount: 0 },
      { id: second.id, status: 'failed', isRetried: false, retriesCount: 1 },
    ]);
  });

  it('answers 403 with the status to a runner that writes to a finished job', async () => {
    const job = await takeJob();
    await put(job, { state: 'success' });

    const late = await patch(job, 0, 'late');

    expect([late.status, late.headers.get('job-status')]).toEqual([403, 'success']);
  });

  it('fails a job whose runner went silent and brings it back by `retry`', async () => {
    const job = await takeJob();

    clock.shift(61_000);
    await expect.poll(() => tested.sim.job(job.id).status, { timeout: 10_000 }).toBe('failed');

    expect(tested.sim.job(job.id).failureReason).toBe('runner_system_failure');
    expect(tested.sim.jobs().filter(({ status }) => status === 'pending')).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('cancels a pending job at once', async () => {
    tested.sim.runPipeline(tested.projectId);
    const [job] = tested.sim.jobs();

    tested.sim.cancelJob(job?.id ?? 0);

    expect(tested.sim.jobs().map(({ status }) => status)).toEqual(['canceled', 'skipped']);
  });

  it('lets a runner that can cancel with grace run its after_script', async () => {
    const job = await takeJob(twoPhase);
    await put(job, { state: 'running' });

    tested.sim.cancelJob(job.id);
    const told = await patch(job, 0, 'x');
    await put(job, { state: 'failed', failure_reason: 'script_failure' });

    expect(told.headers.get('job-status')).toBe('canceling');
    expect(tested.sim.job(job.id)).toMatchObject({ status: 'canceled', failureReason: undefined });
  });

  it('shuts out a runner that cannot, with 403 and `Job-Status: canceled`', async () => {
    const job = await takeJob();

    tested.sim.cancelJob(job.id);
    const told = await patch(job, 0, 'x');

    expect([told.status, told.headers.get('job-status')]).toEqual([403, 'canceled']);
  });
});

describe('a runner about itself', () => {
  it('verifies, which makes its manager, and unregisters only that manager', async () => {
    const { id, token } = await tested.newRunner();

    const verified = await tested.api('POST', '/runners/verify', { body: { token, system_id: systemId } });
    const managers = tested.sim.managers(id).length;
    const gone = await tested.api('DELETE', '/runners/managers', { body: { token, system_id: systemId } });
    const again = await tested.api('DELETE', `/runners/managers?token=${token}&system_id=${systemId}`);

    expect(verified).toMatchObject({ status: 200, body: { id, token, token_expires_at: null } });
    expect([managers, gone.status, again.status]).toEqual([1, 204, 404]);
    expect(tested.sim.runners()).toHaveLength(1);
  });

  it('gets a new token, and the old one is dead at once', async () => {
    const { token } = await tested.newRunner();

    const reset = await tested.api('POST', '/runners/reset_authentication_token', { body: { token } });

    expect(reset.status).toBe(201);
    expect((await requestJob(token)).status).toBe(403);
    expect((await requestJob(String(at(reset.body, 'token')))).status).toBe(204);
  });

  it('removes itself', async () => {
    const { token } = await tested.newRunner();

    expect((await tested.api('DELETE', '/runners', { body: { token } })).status).toBe(204);
    expect((await requestJob(token)).status).toBe(403);
  });
});
