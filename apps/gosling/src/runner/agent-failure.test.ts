import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { createSystemClock, pollUntil } from '@polar-gosling/kernel';
import { describe, it, type TestContext } from 'vitest';
import { isAlive, startAgent } from '../../testing/agent-process.ts';
import { type FakeMotherGoose, startFakeMotherGoose } from '../../testing/fake-mother-goose.ts';

const gitlab = { url: 'http://127.0.0.1:9', token: 'glrt-t1_registrationtoken', system_id: 'r_abcdefabcdef' };
const aJob = { id: 7, project: 42, path: 'https://gitlab.example/group/app' };
const clock = createSystemClock();

function until<Result>(what: string, check: () => Result | undefined | Promise<Result | undefined>) {
  const signal = new AbortController().signal;
  return pollUntil(check, { clock, everyMs: 20, timeoutMs: 60_000, what, signal });
}

const untilReported = (goose: FakeMotherGoose, state: string) =>
  until(`a report "${state}"`, () => goose.reports.findLast((report) => report.state === state));

const untilError = (goose: FakeMotherGoose, code: string | undefined, after = 0) =>
  until(`a report with the error ${code}`, () =>
    goose.reports.findLast((report) => report.seq > after && report.error?.code === code),
  );

/** An agent whose `gitlab-runner` has one job. */
async function aBusyPair({ onTestFinished }: TestContext) {
  const goose = await startFakeMotherGoose({ gitlab });
  onTestFinished(goose.close);
  const agent = await startAgent({ url: goose.url, env: { GOSLING_JOB_USER: userInfo().username } });
  onTestFinished(agent.end);
  await untilReported(goose, 'idle');
  await agent.setJobs({ running: [aJob], total: 1, broken: 0 });
  await untilReported(goose, 'active');
  const config = await readFile(path.join(agent.directory, 'config.toml'), 'utf8');
  const builds = /builds_dir = "([^"]+)"/.exec(config)?.[1] ?? '';
  const isThere = () =>
    stat(builds).then(
      (found) => found.isDirectory(),
      () => false,
    );
  /** Where its next version is written, a directory stands: each write fails, whoever we are. */
  const spoiled = (file: string) => path.join(agent.directory, `${file}.new`);
  const endJob = () => agent.setJobs({ running: [], total: 1, broken: 0 });
  return { goose, agent, isThere, spoiled, endJob };
}

describe.concurrent('an agent in trouble', { timeout: 180_000 }, () => {
  it('goes on with its job and its reports on a disk that takes nothing, tells so, and heals', async (test) => {
    const { goose, agent, isThere, spoiled } = await aBusyPair(test);
    const pid = await agent.runnerPid();

    await mkdir(spoiled('agent.json'));
    const told = await untilError(goose, 'RUNNER_DISK');
    const later = await untilError(goose, 'RUNNER_DISK', told.seq);
    const isServing = isAlive(pid) && (await isThere());
    await rmdir(spoiled('agent.json'));
    const healed = await untilError(goose, undefined, later.seq);

    test.expect(told.error?.detail).toContain('EISDIR');
    test.expect(isServing).toBe(true);
    test.expect(healed).toMatchObject({ state: 'active', jobs: [{ job_id: 7 }] });
  });

  it('can still be drained while its disk takes nothing', async (test) => {
    const { goose, agent, spoiled, endJob } = await aBusyPair(test);
    await mkdir(spoiled('agent.json'));
    await untilError(goose, 'RUNNER_DISK');

    goose.answer({ desired: 'drain' });
    await untilReported(goose, 'draining');
    await endJob();
    await untilReported(goose, 'drained');
    agent.process.kill('SIGTERM');

    test.expect(await agent.exitCode()).toBe(0);
  });

  it('replays what was not heard though none of it could be written down', async (test) => {
    const { goose, spoiled } = await aBusyPair(test);
    await mkdir(spoiled('reports.jsonl'));
    const before = goose.reports.at(-1)?.seq ?? 0;

    goose.silence(true);
    await until('two failures', () => (goose.unheard() >= 2 ? true : undefined));
    goose.silence(false);
    const replay = await until('a replay', () => goose.reports.find(({ seq }) => seq > before));

    test.expect(replay.buffered?.length).toBeGreaterThanOrEqual(2);
  });

  it('says that a configuration is in force only once it could be written', async (test) => {
    const { goose, spoiled } = await aBusyPair(test);
    await mkdir(spoiled('config.toml'));

    goose.answer({
      config_hash: 'c2',
      config: { executor: 'shell', environment: { GREETING: 'bye' }, concurrent: 2, tags: [] },
    });
    const told = await untilError(goose, 'RUNNER_DISK');
    await rmdir(spoiled('config.toml'));
    const healed = await untilError(goose, undefined, told.seq);

    test.expect(told.config_hash).toBe('c1');
    test.expect(healed.config_hash).toBe('c2');
  });

  it('drains under its own eyes when it fails itself, and only then removes its directories and ends', async (test) => {
    const { goose, agent, isThere, endJob } = await aBusyPair(test);
    const pid = await agent.runnerPid();

    goose.answer({ agent_token: 'short' }); // cannot be kept out of logs: no way to go on
    const told = await untilError(goose, 'RUNNER_AGENT_FAILED');
    await until('graceful shutdown', () => (agent.log().includes('graceful shutdown') ? true : undefined));
    const later = await untilError(goose, 'RUNNER_AGENT_FAILED', told.seq);
    const isServing = isAlive(pid) && (await isThere());
    await endJob();
    const code = await agent.exitCode();

    test.expect(later).toMatchObject({ state: 'draining', jobs: [{ job_id: 7 }] });
    test.expect(isServing).toBe(true);
    test.expect(code).toBe(1);
    test.expect(isAlive(pid)).toBe(false);
    test.expect(agent.log()).toContain('SECRET_TOO_SHORT');
    // Only root gives jobs a directory outside, which ends with the agent.
    test.expect(await isThere()).toBe(process.getuid?.() !== 0);
  });
});
