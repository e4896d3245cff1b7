import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import { createSystemClock, pollUntil } from '@polar-gosling/kernel';
import { describe, it, type TestContext } from 'vitest';
import { type AgentProcess, isAlive, startAgent } from '../../testing/agent-process.ts';
import { type FakeMotherGoose, startFakeMotherGoose } from '../../testing/fake-mother-goose.ts';

const gitlab = {
  url: 'http://127.0.0.1:9',
  token: 'glrt-t1_registrationtoken',
  system_id: 'r_abcdefabcdef',
};
const clock = createSystemClock();

function until<Result>(what: string, check: () => Result | undefined | Promise<Result | undefined>) {
  const signal = new AbortController().signal;
  return pollUntil(check, { clock, everyMs: 20, timeoutMs: 30_000, what, signal });
}

type Given = Parameters<typeof startFakeMotherGoose>[0];

async function aGoose({ onTestFinished }: TestContext, given: Given = { gitlab }): Promise<FakeMotherGoose> {
  const goose = await startFakeMotherGoose(given);
  onTestFinished(goose.close);
  return goose;
}

async function anAgent(
  { onTestFinished }: TestContext,
  options: Parameters<typeof startAgent>[0],
): Promise<AgentProcess> {
  const agent = await startAgent(options);
  onTestFinished(agent.end);
  return agent;
}

function untilReported(goose: FakeMotherGoose, state: string) {
  return until(`a report "${state}"`, () => goose.reports.findLast((report) => report.state === state));
}

async function anIdlePair(test: TestContext, given?: Given) {
  const goose = await aGoose(test, given);
  const agent = await anAgent(test, { url: goose.url });
  await untilReported(goose, 'idle');
  return { goose, agent, expect: test.expect };
}

const aJob = { id: 7, project: 42, path: 'https://gitlab.example/group/app' };

describe.concurrent('gosling runner', { timeout: 120_000 }, () => {
  it('trades its one-time token, writes its files privately and reports booting, then idle', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);

    const config = await readFile(path.join(agent.directory, 'config.toml'), 'utf8');
    const mode = (await stat(path.join(agent.directory, 'config.toml'))).mode & 0o777;
    const systemId = await readFile(path.join(agent.directory, '.runner_system_id'), 'utf8');
    const env = JSON.parse(await readFile(path.join(agent.directory, 'fake.env'), 'utf8'));

    expect(goose.bootstraps.map(({ token }) => token)).toEqual(['one-time-token-1']);
    expect(config).toContain('token = "glrt-t1_registrationtoken"');
    expect(mode).toBe(0o600);
    expect(systemId).toBe('r_abcdefabcdef');
    expect(goose.reports[0]).toMatchObject({ seq: 1, state: 'booting', config_hash: 'c1' });
    expect(goose.reports.at(-1)).toMatchObject({ agent_version: 'gitlab-runner 18.2.0', failure_count: 0 });
    expect(Object.keys(env).filter((name) => name.startsWith('GOSLING_'))).toEqual([]);
    await expect(stat(path.join(agent.directory, 'token'))).rejects.toThrow('ENOENT');
  });

  it('lets gitlab-runner trust the authority that the agent trusts', async (test) => {
    const goose = await aGoose(test);
    const env = { NODE_EXTRA_CA_CERTS: '/etc/ssl/private-ca.pem' };
    const agent = await anAgent(test, { url: goose.url, env });
    await untilReported(goose, 'idle');

    const config = await readFile(path.join(agent.directory, 'config.toml'), 'utf8');

    test.expect(config).toContain('tls-ca-file = "/etc/ssl/private-ca.pem"');
  });

  it('never prints a token', async (test) => {
    const { agent, expect } = await anIdlePair(test);

    agent.process.kill('SIGTERM');
    await agent.exitCode();

    expect(agent.log()).not.toMatch(/registrationtoken|one-time-token-1|agent-token-1/);
    expect(agent.log()).toContain('runner started');
  });

  it('names its job with server, project and job ids, and counts it when it has ended', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);

    await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
    const active = await untilReported(goose, 'active');
    await agent.setJobs({ running: [], total: 1, broken: 0 });
    const done = await until('the job is counted', () =>
      goose.reports.findLast((each) => each.job_count === 1),
    );

    expect(active.jobs).toMatchObject([{ server: 'gitlab.example', job_id: 7 }]);
    expect(done).toMatchObject({ state: 'idle', jobs: [] });
    expect(done.last_job_at).toBeDefined();
    const named = goose.reports.filter((each) => each.jobs.length > 0).at(-1);
    expect(named?.jobs[0]?.project_id).toBe(42);
  });

  it('lets a running job end after SIGTERM, then ends with 0', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
    await untilReported(goose, 'active');

    agent.process.kill('SIGTERM');
    await untilReported(goose, 'draining');
    const pid = await agent.runnerPid();
    const wasAlive = isAlive(pid);
    await agent.setJobs({ running: [], total: 1, broken: 0 });

    expect(await agent.exitCode()).toBe(0);
    expect(wasAlive).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(goose.reports.at(-1)?.state).toBe('drained');
  });

  it('ends a running job at the second SIGTERM', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
    await untilReported(goose, 'active');

    agent.process.kill('SIGTERM');
    await untilReported(goose, 'draining');
    agent.process.kill('SIGTERM');

    expect(await agent.exitCode()).toBe(0);
    expect(goose.reports.at(-1)?.state).toBe('stopping');
  });

  it('parks and serves again as the back end says', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    const first = await agent.runnerPid();

    goose.answer({ desired: 'park' });
    await untilReported(goose, 'parked');
    const wasAlive = isAlive(first);
    goose.answer({ desired: 'run' });
    await until('another runner process', async () =>
      (await agent.runnerPid()) === first ? undefined : true,
    );
    await untilReported(goose, 'idle');

    expect(wasAlive).toBe(false);
  });

  it('goes on reporting drained after a drain, until it is terminated', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);

    goose.answer({ desired: 'drain' });
    const drained = await untilReported(goose, 'drained');
    await until('another report', () => goose.reports.find((each) => each.seq > drained.seq));
    goose.answer({ status: 410 });

    expect(await agent.exitCode()).toBe(0);
  });

  it('takes no more jobs when its token is revoked, and ends after the running one', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
    await untilReported(goose, 'active');

    goose.answer({ status: 401 });
    await until('graceful shutdown', () => (agent.log().includes('graceful shutdown') ? true : undefined));
    const wasAlive = isAlive(await agent.runnerPid());
    await agent.setJobs({ running: [], total: 1, broken: 0 });

    expect(wasAlive).toBe(true);
    expect(await agent.exitCode()).toBe(0);
  });

  it('starts a crashed runner again, reports the failure, and forgets it after a good job', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    const first = await agent.runnerPid();

    await agent.setJobs({ running: [], total: 0, broken: 0, crash: true });
    const failed = await until('a failure', () => goose.reports.findLast((each) => each.failure_count > 0));
    await agent.setJobs({ running: [], total: 1, broken: 0 });
    await until('another runner process', async () =>
      (await agent.runnerPid()) === first ? undefined : true,
    );
    const healed = await until('a job', () => goose.reports.findLast((each) => each.job_count > 0));

    expect(failed.error).toMatchObject({
      code: 'RUNNER_CRASHED',
      detail: expect.stringContaining('exit code 3'),
    });
    expect(healed).toMatchObject({ failure_count: 0 });
  });

  it('keeps its reports while the back end is silent and replays them in order', async (test) => {
    const { goose, expect } = await anIdlePair(test);

    goose.silence(true);
    const before = goose.reports.at(-1)?.seq ?? 0;
    await clock.sleep(2_500, new AbortController().signal);
    goose.silence(false);
    const replay = await until('a replay', () => goose.reports.find((each) => each.seq > before));

    const seqs = (replay.buffered ?? []).map((each) => each.seq);
    expect(seqs.length).toBeGreaterThan(0);
    expect([...seqs, replay.seq]).toEqual(seqs.concat(replay.seq).toSorted((a, b) => a - b));
    expect(seqs[0]).toBe(before + 1);
  });

  it('parks itself after a long silence and ends itself after a longer one', async (test) => {
    const timeouts = {
      job_s: 60,
      drain_s: 60,
      silent_accept_s: 2,
      idle_poweroff_s: 4,
      max_life_at: '2999-01-01T00:00:00Z',
    };
    const { goose, agent, expect } = await anIdlePair(test, { gitlab, timeouts });
    const pid = await agent.runnerPid();

    goose.silence(true);
    await until('the runner ends', () => (isAlive(pid) ? undefined : true));
    const wasRunning = agent.process.exitCode === null;

    expect(wasRunning).toBe(true);
    expect(await agent.exitCode()).toBe(0);
  });

  it('drains by itself after as many jobs as it may have', async (test) => {
    const config: BootstrapAnswer['config'] = {
      executor: 'shell',
      environment: {},
      concurrent: 1,
      tags: [],
      max_jobs: 1,
    };
    const { goose, agent } = await anIdlePair(test, { gitlab, config });

    await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
    await untilReported(goose, 'draining');
    await agent.setJobs({ running: [], total: 1, broken: 0 });

    await untilReported(goose, 'finished');
  });

  it('leaves no runner behind when it is killed', async (test) => {
    const { agent } = await anIdlePair(test);
    const pid = await agent.runnerPid();

    agent.process.kill('SIGKILL');
    await agent.exitCode();

    await until('the runner ends', () => (isAlive(pid) ? undefined : true));
  });

  it('goes on with its token when its process is started again', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);
    const before = goose.reports.at(-1)?.seq ?? 0;

    agent.process.kill('SIGKILL');
    await agent.exitCode();
    await anAgent(test, { url: goose.url, directory: agent.directory });
    const after = await until('a later report', () => goose.reports.find((each) => each.seq > before + 1));

    expect(goose.bootstraps).toHaveLength(1);
    expect(after.seq).toBeGreaterThan(before);
  });

  it('says why when its one-time token is refused', async (test) => {
    const goose = await aGoose(test);
    const agent = await anAgent(test, {
      url: goose.url,
      env: { GOSLING_BOOTSTRAP_TOKEN: 'another-one-time-token' },
    });

    test.expect(await agent.exitCode()).toBe(4);
    test.expect(agent.log()).toContain('BOOTSTRAP_USED');
  });

  it('writes a changed configuration and says so in its next report', async (test) => {
    const { goose, agent, expect } = await anIdlePair(test);

    goose.answer({
      config_hash: 'c2',
      config: { executor: 'shell', environment: { GREETING: 'bye' }, concurrent: 2, tags: [] },
    });
    await until('the new hash', () => goose.reports.find((each) => each.config_hash === 'c2'));

    expect(await readFile(path.join(agent.directory, 'config.toml'), 'utf8')).toContain('GREETING=bye');
  });
});
