import { afterEach, describe, expect, it } from 'vitest';
import { aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at } from '../testing/api-client.ts';
import { parseCiDuration } from './ci-duration.ts';
import { parseCiYaml } from './parse-ci-yaml.ts';

describe('parseCiYaml', () => {
  it('reads jobs with defaults, variables, nested scripts and parallel', () => {
    const parsed = parseCiYaml(`
variables: { LEVEL: 3 }
default:
  tags: [linux]
  before_script: [a]
build:
  stage: build
  script: [b, [c, d]]
  timeout: 1h 30m
  variables: { X: yes please }
test:
  tags: [big]
  script: e
  parallel: 2
  retry: 1
  when: manual
`);

    expect(parsed).toMatchObject({
      kind: 'ok',
      config: {
        stages: ['.pre', 'build', 'test', 'deploy', '.post'],
        variables: [{ key: 'LEVEL', value: '3' }],
        jobs: [
          { name: 'build', script: ['a', 'b', 'c', 'd'], tags: ['linux'], timeoutMs: 5_400_000 },
          { name: 'test 1/2', tags: ['big'], allowFailure: true, retry: { max: 1, when: ['always'] } },
          { name: 'test 2/2', variables: [{ key: 'CI_NODE_INDEX', value: '2' }, { key: 'CI_NODE_TOTAL' }] },
        ],
      },
    });
  });

  it('refuses what it does not run, all of it at once, and says what it knows', () => {
    const parsed = parseCiYaml(`
image: node
build:
  script: make
  needs: []
test:
  stage: nowhere
  retry: { max: 3, when: bad_luck }
  timeout: soon
`);

    expect(parsed.kind).toBe('invalid');
    expect(parsed.kind === 'invalid' ? parsed.problems : []).toEqual([
      'image is not supported by the simulator',
      expect.stringMatching(
        /^jobs:build config contains keys the simulator does not know: needs \(it knows stage, /,
      ),
      'jobs:test config should implement a script',
      expect.stringMatching(/^jobs:test chosen stage nowhere does not exist/),
      'jobs:test:retry:when contains unknown values: bad_luck',
      'jobs:test:retry:max should be a number from 0 to 2',
      'jobs:test:timeout should be a duration such as "1h 30m"',
    ]);
  });

  it('refuses text that is no YAML, no hash, or has no job', () => {
    expect(parseCiYaml('a: [').kind).toBe('invalid');
    expect(parseCiYaml('- a').kind).toBe('invalid');
    expect(parseCiYaml('stages: [a]').kind).toBe('invalid');
  });

  it('is what addProject and setCiYaml throw about', async () => {
    const tested = await aSim();

    expect(() => tested.sim.setCiYaml(tested.projectId, 'a: {}')).toThrow(
      expect.objectContaining({ code: 'SIM_CI_YAML_INVALID' }),
    );
    await tested.sim.close();
  });
});

describe('parseCiDuration', () => {
  it('reads the ways GitLab writes a duration', () => {
    expect(parseCiDuration('1h 30m')).toBe(5_400_000);
    expect(parseCiDuration('3 hours 30 minutes')).toBe(12_600_000);
    expect(parseCiDuration('10 seconds')).toBe(10_000);
    expect(parseCiDuration('2 days and 1 hour')).toBe(176_400_000);
    expect(parseCiDuration('soon')).toBeUndefined();
    expect(parseCiDuration('')).toBeUndefined();
  });
});

describe('a pipeline', () => {
  let tested: SimUnderTest | undefined;
  afterEach(() => tested?.sim.close());

  /** Lets one runner take this many jobs; those whose name starts with "bad" fail. */
  async function play(ciYaml: string, count: number) {
    tested = await aSim({ ciYaml });
    const { sim, api } = tested;
    const { token } = await tested.newRunner({ run_untagged: true });
    const { id } = sim.runPipeline(tested.projectId);
    for (let taken = 0; taken < count; taken++) {
      const job = await api('POST', '/jobs/request', { body: { token, system_id: 'r_abcdefghij12' } });
      const isBad = String(at(job.body, 'job_info', 'name')).startsWith('bad');
      await api('PUT', `/jobs/${at(job.body, 'id')}`, {
        body: { token: at(job.body, 'token'), state: isBad ? 'failed' : 'success' },
      });
    }
    const statuses = () => Object.fromEntries(sim.jobs().map(({ name, status }) => [name, status]));
    return { sim, statuses, pipeline: () => sim.pipeline(id).status };
  }

  it('runs stage after stage and succeeds', async () => {
    const { statuses, pipeline } = await play(
      'b: {stage: build, script: x}\nt: {stage: test, script: x}\n',
      2,
    );

    expect(statuses()).toEqual({ b: 'success', t: 'success' });
    expect(pipeline()).toBe('success');
  });

  it('skips later stages after a failure, but runs what waits for one', async () => {
    const { statuses, pipeline } = await play(
      'bad: {stage: build, script: x}\nt: {stage: test, script: x}\nf: {stage: deploy, script: x, when: on_failure}\na: {stage: .post, script: x, when: always}\n',
      3,
    );

    expect(statuses()).toEqual({ bad: 'failed', t: 'skipped', f: 'success', a: 'success' });
    expect(pipeline()).toBe('failed');
  });

  it('goes on after a job that may fail, and past an optional manual job', async () => {
    const { statuses, pipeline } = await play(
      'bad: {stage: build, script: x, allow_failure: true}\nm: {stage: build, script: x, when: manual}\nt: {stage: test, script: x}\n',
      2,
    );

    expect(statuses()).toEqual({ bad: 'failed', m: 'manual', t: 'success' });
    expect(pipeline()).toBe('success');
  });

  it('waits at a manual job that may not fail until it is played', async () => {
    const { sim, statuses, pipeline } = await play(
      'b: {stage: build, script: x}\nm: {stage: test, script: x, when: manual, allow_failure: false}\nt: {stage: deploy, script: x}\n',
      1,
    );
    const before = pipeline();

    sim.playJob(sim.jobs().find(({ name }) => name === 'm')?.id ?? 0);

    expect(before).toBe('manual');
    expect(statuses()).toEqual({ b: 'success', m: 'pending', t: 'created' });
  });

  it('comes back to life when a failed job is retried by hand', async () => {
    const { sim, pipeline } = await play('bad: {stage: build, script: x}\nt: {stage: test, script: x}\n', 1);
    const before = pipeline();

    sim.retryJob(sim.jobs()[0]?.id ?? 0);

    expect([before, pipeline()]).toEqual(['failed', 'pending']);
    expect(sim.jobs().map(({ name, status }) => [name, status])).toEqual([
      ['bad', 'failed'],
      ['t', 'created'],
      ['bad', 'pending'],
    ]);
  });
});
