import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at } from '../testing/api-client.ts';
import { isMatching } from './matching.ts';

const tag = fc.constantFrom('linux', 'gpu', 'arm', 'docker', 'eu');
const tags = fc.uniqueArray(tag);

describe('isMatching', () => {
  it('takes a tagged job exactly when the runner has every tag of it', () => {
    fc.assert(
      fc.property(tags, tags, (runnerTags, jobTags) => {
        fc.pre(jobTags.length > 0);
        const runner = { tags: runnerTags, runsUntagged: true, accessLevel: 'not_protected' };

        const expected = jobTags.every((one) => runnerTags.includes(one));

        expect(isMatching(runner, { tags: jobTags, isProtected: false })).toBe(expected);
      }),
      { numRuns: runs(200) },
    );
  });

  it('takes an untagged job only where untagged jobs are allowed', () => {
    const runner = { tags: ['linux'], runsUntagged: false, accessLevel: 'not_protected' };

    expect(isMatching(runner, { tags: [], isProtected: false })).toBe(false);
    expect(isMatching({ ...runner, runsUntagged: true }, { tags: [], isProtected: false })).toBe(true);
  });
});

describe('who gets a job', () => {
  let tested: SimUnderTest;
  beforeEach(async () => {
    tested = await aSim();
  });
  afterEach(() => tested.sim.close());

  const isGiven = async (token: string) => {
    const body = { token, system_id: 's_0123456789ab' };
    return (await tested.api('POST', '/jobs/request', { body })).status === 201;
  };

  it('is not a runner of another project, of other tags, or a paused one', async () => {
    const other = tested.sim.addProject({ path: 'other/app', members: { ann: 'owner' } });
    const foreign = await tested.newRunner({ project_id: other.id });
    const wrongTags = await tested.newRunner({ tag_list: ['windows'] });
    const paused = await tested.newRunner({ paused: true });
    tested.sim.runPipeline(tested.projectId);

    expect(await isGiven(foreign.token)).toBe(false);
    expect(await isGiven(wrongTags.token)).toBe(false);
    expect(await isGiven(paused.token)).toBe(false);
    await tested.api('PUT', `/runners/${paused.id}`, { body: { paused: false } });
    expect(await isGiven(paused.token)).toBe(true);
  });

  it('may be a group runner of any parent group, and an instance runner', async () => {
    const root = tested.sim.addToken({ user: 'root', scopes: ['create_runner'] });
    const group = tested.sim.addGroup({ path: 'demo', members: { ann: 'owner' } });
    const body = { tag_list: ['linux'] };
    const groupRunner = await tested.api('POST', '/user/runners', {
      body: { ...body, runner_type: 'group_type', group_id: group.id },
    });
    const shared = await tested.api('POST', '/user/runners', {
      token: root,
      body: { ...body, runner_type: 'instance_type' },
    });
    tested.sim.runPipeline(tested.projectId);
    tested.sim.runPipeline(tested.projectId);

    expect(await isGiven(String(at(groupRunner.body, 'token')))).toBe(true);
    expect(await isGiven(String(at(shared.body, 'token')))).toBe(true);
  });

  it('is a protected runner only for protected branches', async () => {
    const guarded = await tested.newRunner({ access_level: 'ref_protected' });
    tested.sim.push(tested.projectId, { ref: 'feature' });

    expect(await isGiven(guarded.token)).toBe(false);
    tested.sim.push(tested.projectId);
    expect(await isGiven(guarded.token)).toBe(true);
  });

  it('is a runner enabled for a second project, unless it is locked', async () => {
    const other = tested.sim.addProject({ path: 'other/app', members: { ann: 'maintainer' } });
    const runner = await tested.newRunner();
    const enable = () =>
      tested.api('POST', `/projects/${other.id}/runners`, { body: { runner_id: runner.id } });

    expect((await enable()).status).toBe(403);
    await tested.api('PUT', `/runners/${runner.id}`, { body: { locked: false } });
    expect((await enable()).status).toBe(201);
    tested.sim.setCiYaml(other.id, 'hi:\n  script: echo hi\n  tags: [linux]\n');
    tested.sim.runPipeline(other.id);
    expect(await isGiven(runner.token)).toBe(true);
  });
});
