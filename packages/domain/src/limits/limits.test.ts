import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EggConfig } from '../egg.ts';
import { eggName } from '../names.ts';
import { checkLimits } from './check-limits.ts';
import { type EggUse, launchRoom } from './launch-room.ts';
import { isLike, type LimitRule, type Limits } from './limits.ts';
import { machineTypesOf } from './machine-types.ts';

const hourMs = 3_600_000;
const now = 10 * 24 * hourMs + hourMs;

type Parts = { [Name in 'cloud' | 'resources' | 'runner' | 'pool']?: Partial<EggConfig[Name]> };

function anEgg(over: Omit<Partial<EggConfig>, keyof Parts> & Parts = {}): EggConfig {
  const { cloud, resources, runner, pool, ...rest } = over;
  return {
    name: eggName('app'),
    kind: 'egg',
    type: 'vm',
    scopes: [],
    environment: {},
    sourceFile: 'Eggs/app/config.fly',
    ...rest,
    cloud: {
      provider: 'aws',
      region: 'eu-central-1',
      zones: [],
      spot: 'never',
      securityGroups: [],
      sshPublicKeys: [],
      ...cloud,
    },
    resources: { cpu: 2, memoryMib: 4096, diskGib: 20, ...resources },
    runner: {
      tags: [],
      concurrent: 2,
      jobsPerRunner: 1,
      idleTimeoutMs: 60_000,
      executor: 'shell',
      runUntagged: true,
      protected: false,
      locked: false,
      ...runner,
    },
    pool: { apex: { min: 0, max: 2 }, nadir: { min: 0, max: 0, idleTimeoutMs: 0 }, ...pool },
  };
}

function oneRule(rule: Partial<LimitRule>): Limits {
  return { prices: {}, rules: [{ name: 'all', eggs: ['*'], ...rule }] };
}

const rulesOf = (egg: EggConfig, limits: Limits) => checkLimits(egg, limits).map(({ rule }) => rule);
const scope = { server: 'gitlab.com', url: 'https://gitlab.com', scope: 'project', scopeId: 1 } as const;

describe('isLike', () => {
  it.each([
    ['app', 'app', true],
    ['app', 'ap', false],
    ['team-a-x', 'team-a-*', true],
    ['team-b-x', 'team-a-*', false],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a.x.b.y.c', 'a*b*c', true],
    ['a.x.y.c', 'a*b*c', false],
    ['anything', '*', true],
    ['', '*', true],
    ['axc', 'a.c', false],
  ])('%s is like %s: %s', (text, form, expected) => {
    expect(isLike(text, form)).toBe(expected);
  });
});

describe('checkLimits', () => {
  it('finds nothing where nothing is limited', () => {
    expect(checkLimits(anEgg(), { prices: {} })).toEqual([]);
    expect(checkLimits(anEgg(), oneRule({}))).toEqual([]);
  });

  it('refuses an Egg that no rule names: a name of its own gets no Egg around the rules', () => {
    const limits = oneRule({ eggs: ['team-*'] });

    expect(rulesOf(anEgg(), limits)).toEqual(['rules']);
    expect(rulesOf(anEgg({ name: eggName('team-a') }), limits)).toEqual([]);
  });

  it('holds the first rule that names the Egg, and no other', () => {
    const limits: Limits = {
      prices: {},
      rules: [
        { name: 'other', eggs: ['other'], clouds: [] },
        { name: 'app', eggs: ['app'], regions: ['us-*'] },
        { name: 'all', eggs: ['*'], clouds: [] },
      ],
    };

    expect(rulesOf(anEgg(), limits)).toEqual(['rules.app.regions']);
  });

  it.each([
    ['rules.all.clouds', { clouds: ['yandex'] }, {}],
    ['rules.all.regions', { regions: ['us-*'] }, {}],
    ['rules.all.types', { types: ['serverless'] }, {}],
    ['rules.all.machine_images', { machineImages: ['ami-1*'] }, { cloud: { image: 'ami-2' } }],
    ['rules.all.images', { images: ['registry.example/*'] }, { runner: { image: 'evil/x' } }],
    [
      'rules.all.images',
      { images: ['registry.example/*'] },
      { runner: { image: 'registry.example/a', executor: 'docker' } },
    ],
    ['rules.all.machines', { machines: 1 }, {}],
    ['rules.all.money_per_day', { moneyPerDay: 1 }, {}],
  ] as const)('names %s', (rule, given, over) => {
    const [violation] = checkLimits(anEgg(over), oneRule(given));

    expect(violation?.rule).toBe(rule);
  });

  it('asks for a rule for every machine that an Egg may be given in place of the first choice', () => {
    const first = oneRule({ instanceTypes: ['c6i.*'] });

    expect(machineTypesOf(anEgg())).toEqual(['c6i.large', 'c6a.large', 'c5.large']);
    expect(rulesOf(anEgg(), first)).toEqual(['rules.all.instance_types', 'rules.all.instance_types']);
    expect(rulesOf(anEgg({ resources: { instanceType: 'c6i.xlarge' } }), first)).toEqual([]);
  });

  it('names machines without an instance type by what they are and their size', () => {
    const yandex = { provider: 'yandex', region: 'ru-central1' } as const;

    expect(machineTypesOf(anEgg({ cloud: { provider: 'local' } }))).toEqual(['local']);
    expect(machineTypesOf(anEgg({ type: 'serverless' }))).toEqual(['fargate-2x4096']);
    expect(machineTypesOf(anEgg({ cloud: yandex }))).toEqual(['standard-v3-2x4096']);
    expect(machineTypesOf(anEgg({ cloud: yandex, type: 'serverless' }))).toEqual(['container-2x4096']);
  });

  it.each([
    ['registry.example/team/*', true],
    ['registry.example/**', true],
    ['*', false],
    ['evil/registry.example/x', false],
    ['registry.example/{a,b}', false],
    ['registry.example/[ab]', false],
  ])('holds an allowed image %s of jobs against the limit: %s', (image, isAllowed) => {
    const docker = { privileged: false, volumes: [], allowedImages: [image] };
    const egg = anEgg({ runner: { executor: 'docker', docker } });

    expect(checkLimits(egg, oneRule({ images: ['registry.example/*'] })).length === 0).toBe(isAllowed);
  });

  it('lets no raw TOML undo a limit of images', () => {
    const docker = { privileged: false, volumes: [], allowedImages: ['a/*'] };
    const egg = anEgg({ runner: { executor: 'docker', docker, configTomlExtra: '[runners.docker]' } });

    expect(checkLimits(egg, oneRule({ images: ['a/*'] }))).toMatchObject([
      { path: ['runner', 'config_toml_extra'] },
    ]);
  });

  it.each([
    ['vault://team/a', true],
    ['vault://team/a/token', true],
    ['vault://team/a#key', true],
    ['vault://team/ab/token', false],
    ['vault://team/a/../b', false],
    ['vault://team/a/%2e%2e/b', false],
    ['vault://other/a', false],
  ])('holds the secret %s against a prefix: %s', (secret, isAllowed) => {
    const egg = anEgg({ environment: { TOKEN: { secret }, PLAIN: 'text' } });
    const found = checkLimits(egg, oneRule({ secretPrefixes: ['vault://team/a'] }));

    expect(found.map(({ path }) => path)).toEqual(isAllowed ? [] : [['environment', 'TOKEN']]);
    expect(JSON.stringify(found)).not.toContain(secret === 'vault://team/a' ? '\0' : `${secret}"`);
  });

  it('looks at every place of an Egg where a secret can stand', () => {
    const secret = 'vault://x/y';
    const egg = anEgg({
      scopes: [
        { ...scope, apiTokenSecret: secret, tokenSecret: secret, webhookSecret: secret },
        { ...scope, repo: 'web', tokenSecret: secret },
      ],
      runner: { docker: { privileged: false, volumes: [], allowedImages: [], authConfigSecret: secret } },
    });

    expect(checkLimits(egg, oneRule({ secretPrefixes: [] })).map(({ path }) => path.join('.'))).toEqual([
      'gitlab.api_token_secret',
      'gitlab.token_secret',
      'gitlab.webhook_secret',
      'repositories.repo.web.gitlab.token_secret',
      'runner.docker.auth_config',
    ]);
  });

  it('refuses an Egg of unknown price only where money is limited', () => {
    const prices = { 'c6i.large': 0.1, 'c6a.large': 0.1 };
    const [violation] = checkLimits(anEgg(), { prices, moneyPerDay: 100 });

    expect(checkLimits(anEgg(), { prices })).toEqual([]);
    expect(violation).toMatchObject({
      rule: 'money_per_day',
      detail: 'the limits have no price of c5.large',
    });
    expect(checkLimits(anEgg(), { prices: { ...prices, 'c5.large': 0.1 }, moneyPerDay: 2.4 })).toEqual([]);
  });
});

const local = (name: string) => anEgg({ name: eggName(name), cloud: { provider: 'local' } });

function aUse(name: string, over: Partial<EggUse> = {}): EggUse {
  return { config: local(name), machines: 0, launchedToday: 0, ...over };
}

describe('launchRoom', () => {
  it('is free without a count', () => {
    expect(launchRoom(oneRule({}), { now, egg: aUse('app'), others: [] })).toEqual({ kind: 'free' });
  });

  it.each([
    ['LIMIT_MACHINES', { machines: 5 }, 1],
    ['LIMIT_MACHINES_PER_DAY', { machinesPerDay: 9 }, 2],
    ['LIMIT_MONEY_PER_DAY', { moneyPerDay: 24 * 0.7 }, 3],
    ['LIMIT_MACHINES', { machines: 5, machinesPerDay: 9, moneyPerDay: 24 }, 1],
  ] as const)('counts all Eggs together for %s', (code, given, most) => {
    const egg = aUse('app', { machines: 1, launchedToday: 3 });
    const others = [aUse('b', { machines: 3, launchedToday: 4 })];

    expect(launchRoom({ prices: { local: 0.1 }, ...given }, { now, egg, others })).toMatchObject({
      kind: 'limited',
      code,
      most,
    });
  });

  it('counts a rule for each Egg alone', () => {
    const others = [aUse('b', { machines: 99 })];

    expect(launchRoom(oneRule({ machines: 5 }), { now, egg: aUse('app'), others })).toMatchObject({
      most: 5,
    });
  });

  it('leaves nothing to an Egg in force that breaks a limit', () => {
    const room = launchRoom(oneRule({ clouds: ['aws'] }), { now, egg: aUse('app'), others: [] });

    expect(room).toMatchObject({ most: 0, code: 'LIMIT_BROKEN' });
    expect(room).toMatchObject({ detail: expect.stringContaining('rules.all.clouds') });
  });

  it('looks again at the next day where the day is used up', () => {
    const egg = aUse('app', { launchedToday: 3 });
    const room = launchRoom(oneRule({ machinesPerDay: 3 }), { now, egg, others: [] });

    expect(room).toMatchObject({ most: 0, lookAgainAt: 11 * 24 * hourMs });
  });

  it('never lets launches pass a limit, whatever lives, and never holds what all limits allow', () => {
    const count = fc.nat({ max: 20 });
    const use = fc.record({ machines: count, launchedToday: count });
    const given = fc.record({
      machines: fc.option(count, { nil: undefined }),
      machinesPerDay: fc.option(count, { nil: undefined }),
      cents: fc.option(fc.nat({ max: 500 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(given, use, fc.array(use, { maxLength: 4 }), ({ cents, ...counts }, own, rest) => {
        const limits = {
          prices: { local: 0.07 },
          ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined)),
          // Enough for one machine, so that the Egg itself is no violation.
          ...(cents === undefined ? {} : { moneyPerDay: (24 * (7 + cents)) / 100 }),
        };
        const app = anEgg({ cloud: { provider: 'local' }, pool: { apex: { min: 0, max: 0 } } });
        const others = rest.map((one, index) => aUse(`o${index}`, one));
        const room = launchRoom(limits, { now, egg: { config: app, ...own }, others });
        const most = room.kind === 'free' ? 1_000 : room.most;
        const machines = others.reduce((sum, one) => sum + one.machines, own.machines);
        const launched = others.reduce((sum, one) => sum + one.launchedToday, own.launchedToday);
        const fits = (more: number) =>
          machines + more <= (counts.machines ?? Number.POSITIVE_INFINITY) &&
          launched + more <= (counts.machinesPerDay ?? Number.POSITIVE_INFINITY) &&
          (machines + more) * 7 <= (cents === undefined ? Number.POSITIVE_INFINITY : 7 + cents);
        expect(most === 0 || fits(most)).toBe(true);
        expect(room.kind === 'free' || !fits(most + 1)).toBe(true);
      }),
      { numRuns: runs(200) },
    );
  });
});
