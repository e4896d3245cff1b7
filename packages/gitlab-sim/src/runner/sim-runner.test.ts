import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobView } from '../gitlab-sim.ts';
import { aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { type RunnerProcess, type RunnerSetup, startRunner } from '../testing/runner-process.ts';

const timeout = 30_000;
const wait = { timeout: 15_000, interval: 20 };
let tested: SimUnderTest | undefined;
let runner: RunnerProcess | undefined;

afterEach(async () => {
  await runner?.dispose();
  expect(tested?.sim.violations).toEqual([]);
  await tested?.sim.close();
  [runner, tested] = [undefined, undefined];
});

/** A simulator with this pipeline waiting, and a runner process for it. */
async function start(ciYaml: string, setup: Partial<RunnerSetup> & { longPollMs?: number } = {}) {
  const sim = await aSim({ ciYaml, traceIntervalS: 0.1, longPollMs: setup.longPollMs ?? 0 });
  tested = sim;
  sim.sim.runPipeline(sim.projectId);
  const { token } = await sim.newRunner();
  const process = startRunner({ url: sim.url, token, ...setup });
  runner = process;
  return { sim: sim.sim, api: sim, process };
}

async function until(job: () => JobView, status: JobView['status']): Promise<JobView> {
  await expect.poll(() => job().status, wait).toBe(status);
  return job();
}

/** Does the process still run? One that nobody has waited for yet does not. */
function isAlive(pid: string | undefined): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

const job = (script: string, more = '') =>
  `work:\n  tags: [linux]\n  script:\n    - |\n      ${script}\n${more}`;

describe('a job', { timeout }, () => {
  it('succeeds, with its commands and output in the log and nothing left on disk', async () => {
    const { sim, process } = await start(
      'work:\n  tags: [linux]\n  variables: { WHO: "world  x" }\n  script: [\'echo "hello $WHO"\', pwd]\n  after_script: echo bye\n',
    );

    const done = await until(() => sim.jobs()[0] as JobView, 'success');

    expect(done.trace).toContain('$ echo "hello $WHO"\nhello world  x\n');
    expect(done.trace).toContain(`/builds/${done.id}/work\n`);
    expect(done.trace).toContain('$ echo bye\nbye\n');
    expect(done.trace.trimEnd().endsWith('Job succeeded')).toBe(true);
    expect(done.systemId).toBe(readFileSync(join(process.directory, '.runner_system_id'), 'utf8'));
    expect(readdirSync(join(process.directory, 'builds'))).toEqual([]);
  });

  it('fails with its exit code and stops at the failing command', async () => {
    const { sim } = await start("work:\n  tags: [linux]\n  script: ['false || exit 7', echo never]\n");

    const done = await until(() => sim.jobs()[0] as JobView, 'failed');

    expect(done).toMatchObject({ failureReason: 'script_failure', exitCode: 7 });
    expect(done.trace).not.toContain('never');
  });

  it('is cancelled while it runs, within a moment, and still runs its after_script', async () => {
    const { sim } = await start(job('echo begun; sleep 60', '  after_script: echo cleaned up\n'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');
    await expect.poll(() => sim.job(running.id).trace, wait).toContain('begun');

    sim.cancelJob(running.id);
    const done = await until(() => sim.job(running.id), 'canceled');

    expect(done.trace).toContain('cleaned up');
  });

  it('is aborted when it was cancelled by force', async () => {
    const { sim, process } = await start(job('sleep 60'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');

    sim.cancelJob(running.id, { isForced: true });

    await expect.poll(() => process.lines().map(({ msg }) => msg), wait).toContain('Job failed');
    expect(sim.job(running.id).status).toBe('canceled');
  });

  it('ends with job_execution_timeout when its time is up', async () => {
    const { sim } = await start(job('sleep 60', '  timeout: 1s\n'));

    const done = await until(() => sim.jobs()[0] as JobView, 'failed');

    expect(done.failureReason).toBe('job_execution_timeout');
  });

  it('leaves no process behind, even one it put in the background', async () => {
    const { sim } = await start(job('sleep 61.25 & echo "child $!"; wait -n 2>/dev/null & echo done'));

    const done = await until(() => sim.jobs()[0] as JobView, 'success');

    const pid = /child (\d+)/.exec(done.trace)?.[1];
    expect(pid).toBeDefined();
    expect(isAlive(pid)).toBe(false);
  });

  it('sees its variables and a short list, and nothing of the runner', async () => {
    const { sim } = await start(job('env | sort'), {
      env: { LEAK: 'secret-of-the-runner' },
      entry: 'environment = ["EXTRA=from the config"]',
    });

    const { trace } = await until(() => sim.jobs()[0] as JobView, 'success');

    const names = [...trace.matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? '');
    const others = names.filter((name) => !/^(CI|GITLAB)(_|$)/.test(name));
    expect(trace).toContain('EXTRA=from the config\n');
    expect(trace).not.toContain('secret-of-the-runner');
    expect(others).toEqual([
      'EXTRA',
      'GIT_STRATEGY',
      'HOME',
      'LANG',
      'LOGNAME',
      'PATH',
      'PWD',
      'SHELL',
      'SHLVL',
      'TMPDIR',
      'USER',
      '_',
    ]);
  });

  it('keeps a log of many patches whole when answers are lost', async () => {
    const { sim } = await start(
      job('for i in $(seq 0 39); do seq -f "line %g" $((i*10+1)) $((i*10+10)); sleep 0.02; done'),
    );
    sim.faults.addApiFault({ method: 'PATCH', path: /trace$/, status: 502, isCarriedOut: true, times: 2 });

    const { trace } = await until(() => sim.jobs()[0] as JobView, 'success');

    const numbers = [...trace.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });

  it('repeats its final word until GitLab has stored it', async () => {
    const { sim } = await start(job('echo begun; until test -e stop; do sleep 0.05; done'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');
    await expect.poll(() => sim.job(running.id).trace, wait).toContain('begun');
    let tries = 0;
    sim.onJobChange(() => {
      tries++;
    });
    sim.faults.addApiFault({ method: 'PUT', path: /^\/jobs\/\d+$/, status: 202, times: 3 });

    writeFileSync(join(String(runner?.directory), 'builds', String(running.id), 'work', 'stop'), '');

    expect((await until(() => sim.job(running.id), 'success')).trace).toContain('Job succeeded');
    expect(sim.faults.takeApiFault('PUT', '/jobs/1')).toBeUndefined();
    expect(tries).toBe(1);
  });

  it('is left alone when GitLab gave it to nobody after all', async () => {
    const { sim, process } = await start(job('echo never'));
    sim.faults.addApiFault({ method: 'PUT', path: /^\/jobs\/\d+$/, status: 403, times: 1 });

    await expect
      .poll(() => process.lines().map(({ msg }) => msg), wait)
      .toContain('Job was not acknowledged');

    expect(sim.jobs()[0]).toMatchObject({ status: 'pending', trace: '' });
  });
});

describe('the process', { timeout }, () => {
  it('shows a running job in metrics and job list, and none when idle', async () => {
    const { sim, process } = await start(job('until test -e "$CI_PROJECT_DIR/stop"; do sleep 0.05; done'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');
    await expect
      .poll(async () => (await process.page('/debug/jobs/list')).text(), wait)
      .toContain('stage=step_script');

    const list = await process.page('/debug/jobs/list');
    const metrics = await (await process.page('/metrics')).text();
    writeFileSync(join(process.directory, 'builds', String(running.id), 'work', 'stop'), '');
    await until(() => sim.job(running.id), 'success');

    expect(list.headers.get('x-list-version')).toBe('2');
    expect(await list.text()).toMatch(
      new RegExp(
        `^url=${running.webUrl} state=running stage=step_script executor_stage=\\S+ duration=\\S+s\n$`,
      ),
    );
    expect(metrics).toMatch(/^gitlab_runner_jobs\{.*state="running".*\} 1$/m);
    expect(metrics).toMatch(/^gitlab_runner_version_info\{.*\} 1$/m);
    await expect
      .poll(async () => (await process.page('/metrics')).text(), wait)
      .not.toContain('gitlab_runner_jobs{');
  });

  it('never runs more jobs than `concurrent`', async () => {
    let most = 0;
    const { sim } = await start('work:\n  tags: [linux]\n  parallel: 5\n  script: sleep 0.3\n');
    sim.onJobChange(() => {
      most = Math.max(most, sim.jobs().filter(({ status }) => status === 'running').length);
    });

    await expect.poll(() => sim.jobs().every(({ status }) => status === 'success'), wait).toBe(true);

    expect(most).toBe(2);
  });

  it('ends after SIGQUIT when its job has ended, and takes no other', async () => {
    const { sim, process, api } = await start(job('echo begun; sleep 1'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');

    process.child.kill('SIGQUIT');
    await expect
      .poll(() => process.lines().map(({ msg }) => msg), wait)
      .toContain('Starting graceful shutdown, waiting for builds to finish');
    sim.runPipeline(api.projectId);

    expect(await process.exited).toBe(0);
    expect(sim.jobs().map(({ status }) => status)).toEqual(['success', 'pending']);
    expect(sim.job(running.id).trace).toContain('Job succeeded');
  });

  it('lets go of a long poll on SIGQUIT', async () => {
    const { sim, process, api } = await start(job('true'), { longPollMs: 60_000 });
    await until(() => sim.jobs()[0] as JobView, 'success');

    process.child.kill('SIGQUIT');

    expect(await process.exited).toBe(0);
    sim.runPipeline(api.projectId);
    expect(sim.jobs()[1]?.status).toBe('pending');
  });

  it('gives its job up on SIGTERM as runner_interrupted and kills what it ran', async () => {
    const { sim, process } = await start(job('echo "child $$"; sleep 62.25'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');
    await expect.poll(() => sim.job(running.id).trace, wait).toContain('child');

    process.child.kill('SIGTERM');

    expect(await process.exited).toBe(0);
    expect(sim.job(running.id)).toMatchObject({ status: 'failed', failureReason: 'runner_interrupted' });
    const pid = /child (\d+)/.exec(sim.job(running.id).trace)?.[1];
    expect(isAlive(pid)).toBe(false);
  });

  it('takes its job along when it is killed', async () => {
    const { sim, process } = await start(job('echo "child $$"; sleep 63.25'));
    const running = await until(() => sim.jobs()[0] as JobView, 'running');
    await expect.poll(() => sim.job(running.id).trace, wait).toContain('child');

    process.child.kill('SIGKILL');

    const pid = /child (\d+)/.exec(sim.job(running.id).trace)?.[1];
    await expect.poll(() => isAlive(pid), wait).toBe(false);
  });

  it('rests after three refused requests, and counts that', async () => {
    const { process } = await start(job('true'), {
      token: 'glrt-unknown',
      entry: 'unhealthy_interval = "1h"',
    });

    await expect
      .poll(() => process.lines().map(({ msg }) => msg), wait)
      .toContain('Runner is unhealthy and will be disabled');

    const metrics = await (await process.page('/metrics')).text();
    expect(metrics).toMatch(/^gitlab_runner_worker_health_check_failures_total\{.*\} 1$/m);
    expect(process.lines().filter(({ msg }) => msg.endsWith('failed'))).toHaveLength(3);
  });

  it('refuses a configuration with keys gitlab-runner does not have', async () => {
    const { process } = await start(job('true'), { entry: 'privileged = true' });

    expect(await process.exited).toBe(1);
    expect(process.lines().at(-1)).toMatchObject({
      code: 'SIM_RUNNER_BAD_CONFIG',
      msg: expect.stringContaining('runners[0].privileged is unknown'),
    });
  });

  it('follows a changed configuration without a restart', async () => {
    const { sim, process } = await start('work:\n  tags: [linux]\n  parallel: 4\n  script: sleep 0.5\n');
    await expect.poll(() => sim.jobs()[0]?.status, wait).toBe('running');
    const path = join(process.directory, 'config.toml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('concurrent = 2', 'concurrent = 4'));

    await expect.poll(() => sim.jobs().every(({ status }) => status === 'success'), wait).toBe(true);

    expect(process.lines().map(({ msg }) => msg)).toContain('Configuration loaded');
  });
});
