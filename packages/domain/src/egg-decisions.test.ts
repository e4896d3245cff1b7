import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPool, type EggConfig, type EggRunner, machinesAtMost } from './egg.ts';
import { configHash, machineHash, registrationSpecHash } from './hashes.ts';
import { eggName } from './names.ts';
import { pickRunnerType, serverlessLimitMs } from './runner-type.ts';

function aRunnerConfig(over: Partial<EggRunner> = {}): EggRunner {
  return {
    tags: ['docker', 'linux'],
    concurrent: 3,
    jobsPerRunner: 1,
    idleTimeoutMs: 600_000,
    executor: 'shell',
    runUntagged: false,
    protected: false,
    locked: false,
    ...over,
  };
}

function anEgg(over: Partial<EggConfig> = {}): EggConfig {
  return {
    name: eggName('app'),
    kind: 'egg',
    type: 'auto',
    cloud: {
      provider: 'local',
      region: '',
      zones: [],
      spot: 'never',
      securityGroups: [],
      sshPublicKeys: [],
    },
    resources: { cpu: 2, memoryMib: 4096, diskGib: 20 },
    runner: aRunnerConfig(),
    scopes: [],
    environment: {},
    pool: defaultPool(aRunnerConfig()),
    sourceFile: 'Eggs/app/config.fly',
    ...over,
  };
}

const durations = fc.integer({ min: 0, max: 3 * serverlessLimitMs });
const maybe = fc.option(durations, { nil: undefined });

describe('pickRunnerType', () => {
  it('Feature: gitops-runner-orchestration, Property 10: serverless for what ends within 60 minutes, else a VM', () => {
    fc.assert(
      fc.property(maybe, maybe, maybe, (declaredMs, p95Ms, timeoutMs) => {
        const runner = aRunnerConfig(declaredMs === undefined ? {} : { jobDurationMs: declaredMs });
        const job = timeoutMs === undefined ? {} : { timeoutMs };
        const learned = p95Ms === undefined ? undefined : { p95Ms };
        const expectedMs = declaredMs ?? p95Ms ?? timeoutMs ?? serverlessLimitMs;

        expect(pickRunnerType(job, anEgg({ runner }), learned)).toBe(
          expectedMs < serverlessLimitMs ? 'serverless' : 'vm',
        );
      }),
    );
  });

  it('takes a VM for what a container cannot give, and the Egg’s own type where it names one', () => {
    const docker = { privileged: true, volumes: [], allowedImages: [] };
    const short = { timeoutMs: 1 };

    expect(pickRunnerType({ ...short, isPrivileged: true }, anEgg())).toBe('vm');
    expect(pickRunnerType(short, anEgg({ runner: aRunnerConfig({ executor: 'docker' }) }))).toBe('vm');
    expect(pickRunnerType(short, anEgg({ runner: aRunnerConfig({ docker }) }))).toBe('vm');
    expect(pickRunnerType(short, anEgg({ type: 'vm' }))).toBe('vm');
    expect(pickRunnerType({}, anEgg({ type: 'serverless' }))).toBe('serverless');
  });
});

describe('hashes', () => {
  const egg = anEgg();

  it.each([
    ['type', anEgg({ type: 'vm' })],
    ['cloud', anEgg({ cloud: { ...egg.cloud, region: 'eu-1' } })],
    ['resources', anEgg({ resources: { ...egg.resources, cpu: 4 } })],
    ['environment', anEgg({ environment: { A: '1' } })],
    ['image', anEgg({ runner: aRunnerConfig({ image: 'alpine' }) })],
    ['executor', anEgg({ runner: aRunnerConfig({ executor: 'docker' }) })],
    ['jobs_per_runner', anEgg({ runner: aRunnerConfig({ jobsPerRunner: 2 }) })],
  ])('Feature: gitops-runner-orchestration, Property 28: a change of %s makes new machines', (_, changed) => {
    expect(machineHash(changed, 1)).not.toBe(machineHash(egg, 1));
    expect(configHash(changed)).not.toBe(configHash(egg));
  });

  it.each([
    ['tags', anEgg({ runner: aRunnerConfig({ tags: ['x'] }) })],
    ['concurrent', anEgg({ runner: aRunnerConfig({ concurrent: 9 }) })],
    ['idle_timeout', anEgg({ runner: aRunnerConfig({ idleTimeoutMs: 1 }) })],
    ['pool', anEgg({ pool: { ...egg.pool, apex: { min: 1, max: 2 } } })],
  ])('a change of %s keeps the machines', (_, changed) => {
    expect(machineHash(changed, 1)).toBe(machineHash(egg, 1));
    expect(configHash(changed)).not.toBe(configHash(egg));
  });

  it('a new revision of the compute module makes new machines; a moved file changes nothing', () => {
    expect(machineHash(egg, 2)).not.toBe(machineHash(egg, 1));
    expect(configHash(anEgg({ sourceFile: 'Eggs/other.fly' }))).toBe(configHash(egg));
  });

  it('registers anew only for what GitLab is told', () => {
    const spec = registrationSpecHash(aRunnerConfig());

    expect(registrationSpecHash(aRunnerConfig({ tags: ['linux', 'docker', 'linux'] }))).toBe(spec);
    expect(registrationSpecHash(aRunnerConfig({ concurrent: 9 }))).toBe(spec);
    expect(registrationSpecHash(aRunnerConfig({ tags: ['linux'] }))).not.toBe(spec);
    expect(registrationSpecHash(aRunnerConfig({ maximumTimeoutS: 3_600 }))).not.toBe(spec);
  });
});

describe('defaultPool', () => {
  it('has as many machines as the jobs fill, and parks none', () => {
    const runner = aRunnerConfig({ concurrent: 5, jobsPerRunner: 2 });

    expect(machinesAtMost(runner)).toBe(3);
    expect(defaultPool(runner)).toMatchObject({ apex: { min: 0, max: 3 }, nadir: { min: 0, max: 0 } });
  });
});
