import { createGitlabSim, type GitlabSim } from '@polar-gosling/gitlab-sim';
import { createSystemClock, pollUntil } from '@polar-gosling/kernel';
import { describe, it, type TestContext } from 'vitest';
import { z } from 'zod';
import { startAgent } from '../../testing/agent-process.ts';
import { startFakeMotherGoose } from '../../testing/fake-mother-goose.ts';

const clock = createSystemClock();
const systemId = 'r_abcdefabcdef';
const ciYaml = 'build:\n  script:\n    - echo "greeting $GREETING"\n    - sleep 1\n';

function until<Result>(what: string, check: () => Result | undefined | Promise<Result | undefined>) {
  const signal = new AbortController().signal;
  return pollUntil(check, { clock, everyMs: 20, timeoutMs: 30_000, what, signal });
}

/** A GitLab with one project and a registration, a back end, and an agent with the simulator's own runner. */
async function aRunnerOfGitlab({ onTestFinished }: TestContext) {
  const sim = createGitlabSim();
  onTestFinished(() => sim.close());
  const { url } = await sim.listen();
  const token = sim.addToken({ user: 'root', scopes: ['api', 'create_runner', 'manage_runner'] });
  const project = sim.addProject({ path: 'group/app', ciYaml });
  const registration = await register(url, { token, projectId: project.id });
  const goose = await startFakeMotherGoose({ gitlab: { url, token: registration, system_id: systemId } });
  onTestFinished(goose.close);
  const agent = await startAgent({ url: goose.url, hasFakeRunner: false });
  onTestFinished(agent.end);
  return { sim, goose, agent, project };
}

async function register(url: string, at: { token: string; projectId: number }): Promise<string> {
  const answer = await fetch(`${url}/api/v4/user/runners`, {
    method: 'POST',
    headers: { 'PRIVATE-TOKEN': at.token, 'content-type': 'application/json' },
    body: JSON.stringify({ runner_type: 'project_type', project_id: at.projectId, run_untagged: true }),
  });
  const { token } = z.object({ token: z.string() }).parse(await answer.json());
  return token;
}

function untilJob(sim: GitlabSim, status: string) {
  return until(`a job that is ${status}`, () => sim.jobs().find((job) => job.status === status));
}

describe('gosling runner with GitLab', { timeout: 120_000 }, () => {
  it('runs a job of GitLab with the simulator’s runner, names it, and leaves no manager behind', async (test) => {
    const { sim, goose, agent, project } = await aRunnerOfGitlab(test);
    const { expect } = test;
    await until('idle', () => goose.reports.find((each) => each.state === 'idle'));

    sim.runPipeline(project.id);
    const job = await untilJob(sim, 'success');
    const named = await until('the job in a report', () =>
      goose.reports.find((each) => each.jobs.length > 0),
    );
    await until('the job counted', () => goose.reports.find((each) => each.job_count === 1));
    agent.process.kill('SIGTERM');
    const code = await agent.exitCode();

    expect(code).toBe(0);
    expect(job.trace).toContain('greeting hello');
    expect(job.systemId).toBe(systemId);
    expect(named.jobs[0]).toMatchObject({ job_id: job.id, server: new URL(sim.url()).host });
    expect(goose.reports.find((each) => each.job_count === 1)?.agent_version).toBe('simulator');
    expect(sim.managers()).toEqual([]);
    expect(sim.violations).toEqual([]);
  });

  it('lets the job end after SIGTERM', async (test) => {
    const { sim, goose, agent, project } = await aRunnerOfGitlab(test);
    sim.runPipeline(project.id);
    await untilJob(sim, 'running');
    await until('active', () => goose.reports.find((each) => each.state === 'active'));

    agent.process.kill('SIGTERM');
    const code = await agent.exitCode();

    test.expect(code).toBe(0);
    test.expect(sim.jobs().map((job) => job.status)).toEqual(['success']);
  });

  it('fails its job as a fault of the runner when the agent is killed', async (test) => {
    const { sim, goose, agent, project } = await aRunnerOfGitlab(test);
    sim.setCiYaml(project.id, 'build:\n  script:\n    - sleep 60\n');
    sim.runPipeline(project.id);
    await until('active', () => goose.reports.find((each) => each.state === 'active'));

    agent.process.kill('SIGKILL');
    const job = await untilJob(sim, 'failed');

    test.expect(['runner_system_failure', 'runner_interrupted']).toContain(job.failureReason);
  });
});
