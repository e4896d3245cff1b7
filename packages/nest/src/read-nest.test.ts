// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { defaultUglyFox, machineHash } from '@polar-gosling/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NestOptions, NestRead } from './nest-read.ts';
import { readNest } from './read-nest.ts';

const gitlab = 'gitlab { project_id = 1 }';

function anEgg(name: string, ...lines: readonly string[]): string {
  const body = lines.some((line) => line.startsWith('gitlab')) ? lines : [gitlab, ...lines];
  return `egg "${name}" {\n  type = "vm"\n  ${body.join('\n  ')}\n}\n`;
}

function read(files: Record<string, string>, options: Partial<NestOptions> = {}): NestRead {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  return readNest(list, { embedded: true, ...options });
}

function readOne(...lines: readonly string[]) {
  const [egg] = read({ 'Eggs/app/config.fly': anEgg('app', ...lines) }).eggs;
  return egg;
}

/** `path:line CODE message` of everything found. */
function findings({ diagnostics }: NestRead): string[] {
  return diagnostics.map(
    ({ file, range, code, message }) => `${file}:${range.start.line} ${code} ${message}`,
  );
}

function codesOf(result: NestRead): string[] {
  return result.diagnostics.map(({ code }) => code);
}

function badFiles({ perFile }: NestRead): string[] {
  return perFile.filter(({ ok }) => !ok).map(({ path }) => path);
}

describe('readNest: an Egg', () => {
  it('fills in what the Egg leaves out', () => {
    expect(readOne()).toEqual({
      name: 'app',
      kind: 'egg',
      type: 'vm',
      cloud: {
        provider: 'local',
        region: 'local',
        zones: [],
        spot: 'never',
        securityGroups: [],
        sshPublicKeys: [],
      },
      resources: { cpu: 2, memoryMib: 4096, diskGib: 20 },
      runner: {
        tags: [],
        concurrent: 1,
        jobsPerRunner: 1,
        idleTimeoutMs: 600_000,
        executor: 'shell',
        runUntagged: true,
        protected: false,
        locked: false,
      },
      scopes: [{ server: 'gitlab.com', url: 'https://gitlab.com', scope: 'project', scopeId: 1 }],
      environment: {},
      pool: { apex: { min: 0, max: 1 }, nadir: { min: 0, max: 0, idleTimeoutMs: 1_800_000 } },
      sourceFile: 'Eggs/app/config.fly',
    });
  });

  it('takes over all that it says', () => {
    const egg = readOne(
      'cloud {\n provider = "aws"\n region = "eu-1"\n zones = ["a"]\n spot = "prefer"\n image = "ami"\n subnet = "s"\n security_groups = ["g"]\n public_ip = true\n instance_profile = "p"\n ssh_user = "u"\n ssh_public_keys = ["k"]\n }',
      'resources {\n cpu = 8\n memory = "8GiB"\n disk = 50\n instance_type = "m5"\n arch = "arm64"\n gpus = 1\n }',
      'runner {\n tags = ["gpu"]\n concurrent = 5\n jobs_per_runner = 2\n max_jobs = 7\n idle_timeout = "1h"\n executor = "shell"\n image = "alpine"\n run_untagged = true\n protected = true\n locked = true\n job_duration = "30m"\n maximum_timeout = "2h"\n pre_build_script = "true"\n config_toml_extra = "x = 1"\n docker {\n privileged = true\n volumes = ["/v"]\n pull_policy = "never"\n allowed_images = ["a"]\n auth_config = "vault://kv/app/docker"\n }\n }',
      'gitlab {\n server = "Git.Example.com"\n url = "https://git.example.com:8443/"\n group_id = 7\n ca_file = "/etc/ca.pem"\n api_token_secret = "vault://kv/app/api"\n token_secret = "vault://kv/app/run"\n webhook_secret = "vault://kv/app/hook"\n }',
      'environment {\n PLAIN = "value"\n TOKEN = "vault://kv/app/token"\n }',
    );

    expect(egg).toMatchObject({
      cloud: {
        provider: 'aws',
        region: 'eu-1',
        zones: ['a'],
        spot: 'prefer',
        image: 'ami',
        subnet: 's',
        securityGroups: ['g'],
        publicIp: true,
        instanceProfile: 'p',
        sshUser: 'u',
        sshPublicKeys: ['k'],
      },
      resources: { cpu: 8, memoryMib: 8192, diskGib: 50, instanceType: 'm5', arch: 'arm64', gpus: 1 },
      runner: {
        tags: ['gpu'],
        concurrent: 5,
        jobsPerRunner: 2,
        maxJobs: 7,
        idleTimeoutMs: 3_600_000,
        executor: 'shell',
        image: 'alpine',
        runUntagged: true,
        protected: true,
        locked: true,
        jobDurationMs: 1_800_000,
        maximumTimeoutS: 7_200,
        preBuildScript: 'true',
        configTomlExtra: 'x = 1',
        docker: {
          privileged: true,
          volumes: ['/v'],
          pullPolicy: 'never',
          allowedImages: ['a'],
          authConfigSecret: 'vault://kv/app/docker',
        },
      },
      scopes: [
        {
          server: 'git.example.com',
          url: 'https://git.example.com:8443',
          scope: 'group',
          scopeId: 7,
          caFile: '/etc/ca.pem',
          apiTokenSecret: 'vault://kv/app/api',
          tokenSecret: 'vault://kv/app/run',
          webhookSecret: 'vault://kv/app/hook',
        },
      ],
      environment: { PLAIN: 'value', TOKEN: { secret: 'vault://kv/app/token' } },
      pool: { apex: { max: 3 } },
    });
  });

  it('has Docker on machines of a cloud, and takes one job per serverless runner', () => {
    const aws = 'cloud {\n provider = "aws"\n region = "eu-1"\n }';
    const serverless = anEgg('app', aws).replace('"vm"', '"serverless"');
    const auto = anEgg('app', aws).replace('"vm"', '"auto"');

    expect(readOne(aws)?.runner).toMatchObject({ executor: 'docker' });
    expect(readOne(aws)?.runner.maxJobs).toBeUndefined();
    expect(read({ 'a.fly': serverless }).eggs[0]?.runner).toMatchObject({ executor: 'shell', maxJobs: 1 });
    expect(read({ 'a.fly': auto }).eggs[0]?.runner).toMatchObject({ executor: 'shell' });
  });

  it('Feature: gitops-runner-orchestration, Property 28: a change of the Nest changes the machines made from then on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (one, two) => {
        const hashes = [one, two].map((cpu) => {
          const egg = readOne(`resources { cpu = ${cpu} }`);
          return egg && machineHash(egg, 1);
        });

        expect(hashes[0] === hashes[1]).toBe(one === two);
      }),
    );
  });
});

describe('readNest: a bucket', () => {
  const repos = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 8 });
  const aBucket = (ids: readonly number[]) =>
    `eggsbucket "team" {\n type = "vm"\n runner {\n tags = ["linux"]\n concurrent = 4\n }\n repositories {\n${ids
      .map((id) => ` repo "r${id}" {\n gitlab { project_id = ${id} }\n }`)
      .join('\n')}\n }\n}\n`;

  it('Feature: gitops-runner-orchestration, Property 41: each repository is a scope of its own, by its label', () => {
    fc.assert(
      fc.property(repos, (ids) => {
        const { eggs } = read({ 'Eggs/team/config.fly': aBucket(ids) });

        expect(eggs[0]?.scopes.map(({ repo, scope, scopeId }) => ({ repo, scope, scopeId }))).toEqual(
          ids.map((id) => ({ repo: `r${id}`, scope: 'project', scopeId: id })),
        );
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 42: all repositories share one configuration', () => {
    fc.assert(
      fc.property(repos, repos, (some, others) => {
        const [one, two] = [some, others].map((ids) => read({ 'Eggs/team/config.fly': aBucket(ids) }).eggs);
        const { scopes: _one, ...shared } = one?.[0] ?? {};
        const { scopes: _two, ...same } = two?.[0] ?? {};

        expect(one).toHaveLength(1);
        expect(shared).toMatchObject({ kind: 'bucket', pool: { apex: { max: 4 } } });
        expect(shared).toEqual(same);
      }),
    );
  });
});

describe('readNest: what has no value', () => {
  // A tag that is lost would open the runner to everybody's jobs.
  it.each([
    ['${job.name}', 'FLY070'],
    ['${bucket.name}', 'FLY070'],
    ['${nest.name}', 'FLY070'],
    ['${env.name}', 'FLY076'],
    ['${env.nmae}', 'FLY070'],
    ['${local.who}', 'FLY070'],
  ])('a tag of %s keeps the Egg out of force', (reference, code) => {
    const result = read({
      'Nest.fly': 'locals { other = "x" }\n',
      'Eggs/app/config.fly': anEgg('app', `runner { tags = ["t-${reference}"] }`),
    });

    expect(codesOf(result)).toContain(code);
    expect(result.eggs).toEqual([]);
  });

  it('a local of the label of a block is wrong where it stands, and what uses it waits', () => {
    const result = read({
      'Nest.fly': 'locals { who = "${egg.name}" }\n',
      'Eggs/app/config.fly': anEgg('app', 'runner { tags = ["t-${local.who}"] }'),
    });

    expect(badFiles(result)).toContain('Nest.fly');
    expect(result.eggs).toEqual([]);
  });

  it('any reference is found or told: no Egg in force has fewer tags than it was given', () => {
    const root = fc.constantFrom('var', 'local', 'egg', 'bucket', 'job', 'env', 'nest', 'x');
    const name = fc.constantFrom('name', 'known', 'open', 'typo');
    const environment = fc.constantFrom(undefined, 'prod');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(root, name), { minLength: 1, maxLength: 4 }),
        environment,
        (paths, env) => {
          const tags = paths.map(([first, second], index) => `"t${index}-\${${first}.${second}}"`);
          const files = {
            'Nest.fly':
              'variable "known" { default = "v" }\nvariable "open" { type = "string" }\nlocals { known = "l" }\n',
            'Envs/prod.fly': 'values { open = "o" }\n',
            'Eggs/app/config.fly': anEgg('app', `runner { tags = [${tags.join(', ')}] }`),
          };

          const { eggs, diagnostics } = read(files, env === undefined ? {} : { environment: env });

          if (eggs[0] !== undefined) expect(eggs[0].runner.tags).toHaveLength(paths.length);
          else expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
        },
      ),
    );
  });

  it('a patch knows the name of the Egg that it is for', () => {
    const result = read(
      {
        'Eggs/app/config.fly': anEgg('app', 'runner { tags = ["base"] }'),
        'Envs/prod.fly': 'patch "egg" "app" {\n  runner { tags = ["${egg.name}-${env.name}"] }\n}\n',
      },
      { environment: 'prod' },
    );

    expect(findings(result)).toEqual([]);
    expect(result.eggs[0]?.runner.tags).toEqual(['app-prod']);
  });
});

describe('readNest: defaults and environments', () => {
  const nest =
    'variable "env" {\n type = "string"\n default = "dev"\n}\ndefaults "egg" {\n runner {\n idle_timeout = "5m"\n concurrent = 2\n }\n cloud {\n provider = "aws"\n region = "eu-1"\n }\n}\n';
  const egg = anEgg('app', 'runner { concurrent = 3 }', 'environment { ENV = "${var.env}" }');
  const prod =
    'values { env = "prod" }\npatch "egg" "app" {\n runner {\n concurrent = 9\n idle_timeout = null\n }\n}\n';
  const files = { 'Nest.fly': nest, 'Eggs/app/config.fly': egg, 'Envs/prod.fly': prod };

  it('lays the Egg over the defaults of its kind', () => {
    const result = read(files);

    expect(findings(result)).toEqual([]);
    expect(result.eggs[0]).toMatchObject({
      cloud: { provider: 'aws', region: 'eu-1' },
      runner: { concurrent: 3, idleTimeoutMs: 300_000 },
      environment: { ENV: 'dev' },
    });
  });

  it('lays the environment in force over all', () => {
    const result = read(files, { environment: 'prod' });

    expect(findings(result)).toEqual([]);
    expect(result.eggs[0]).toMatchObject({
      runner: { concurrent: 9, idleTimeoutMs: 600_000 },
      environment: { ENV: 'prod' },
    });
  });

  it('reads no Egg while the environment that is asked for is absent or broken', () => {
    const absent = read(files, { environment: 'stage' });
    const broken = read({ ...files, 'Envs/prod.fly': 'values { env = }\n' }, { environment: 'prod' });

    expect(findings(absent)).toEqual([
      'Envs/stage.fly:1 FLY071 the environment in force (GOSLING_ENV) has no file Envs/stage.fly',
    ]);
    expect(absent.eggs).toEqual([]);
    expect(broken.eggs).toEqual([]);
    expect(read({ ...files, 'Envs/prod.fly': 'values { env = }\n' }).eggs).toHaveLength(1);
  });

  it('refuses a patch of what is not there', () => {
    const result = read(
      { ...files, 'Envs/prod.fly': 'patch "egg" "apq" {\n type = "vm"\n}\n' },
      { environment: 'prod' },
    );

    expect(findings(result)).toEqual([
      'Envs/prod.fly:1 FLY075 no egg is called "apq", so this patch changes nothing; did you mean "app"?',
    ]);
  });

  it.each([
    ['gitlab { group_id = 5 }', 'FLY045'],
    ['gitlab { project_id = null }', 'FLY045'],
    ['type = null', 'FLY043'],
  ])('refuses an Egg that the patch %s makes unsound', (patch, code) => {
    const files = {
      'Eggs/app/config.fly': anEgg('app'),
      'Envs/prod.fly': `patch "egg" "app" {\n ${patch}\n}\n`,
    };

    const result = read(files, { environment: 'prod' });

    expect(result.eggs).toEqual([]);
    expect(codesOf(result)).toEqual([code]);
  });

  it('keeps every Egg as it was while the defaults are broken', () => {
    const result = read({ ...files, 'Nest.fly': 'defaults "egg" {\n runner { concurrent = "many" }\n}\n' });

    expect(result.eggs).toEqual([]);
    expect(result.perFile.find(({ path }) => path === 'Eggs/app/config.fly')).toMatchObject({
      ok: false,
      blockedBy: ['Nest.fly'],
    });
  });
});

describe('readNest: the cloud of an Egg that names none', () => {
  const mg = 'mothergoose {\n cloud {\n provider = "aws"\n region = "eu-1"\n }\n}\n';
  const egg = anEgg('app');

  it('is that of MG/config.fly', () => {
    const { eggs, mothergoose } = read(
      { 'MG/config.fly': mg, 'Eggs/app/config.fly': egg },
      { embedded: false },
    );

    expect(eggs[0]?.cloud).toMatchObject({ provider: 'aws', region: 'eu-1' });
    expect(mothergoose?.cloud).toEqual({ provider: 'aws', region: 'eu-1' });
  });

  it('is an error where nothing names one, or its region', () => {
    const none = read({ 'Eggs/app/config.fly': egg }, { embedded: false });
    const other = anEgg('app', 'cloud { provider = "yandex" }');
    const noRegion = read({ 'MG/config.fly': mg, 'Eggs/app/config.fly': other }, { embedded: false });

    expect(findings(none)).toEqual([
      'Eggs/app/config.fly:1 FLY085 egg "app" names no cloud, and neither its defaults nor MG/config.fly does',
    ]);
    expect(findings(noRegion)[0]).toContain('names no region of yandex');
    expect(badFiles(none)).toEqual(['Eggs/app/config.fly']);
  });

  it('stays as it was while MG/config.fly is broken; an Egg with a cloud and region of its own goes on', () => {
    const own = anEgg('own', 'cloud {\n provider = "aws"\n region = "eu-1"\n }', 'gitlab { project_id = 2 }');
    const result = read({
      'MG/config.fly': 'mothergoose { cloud { provider = "moon" } }\n',
      'Eggs/app/config.fly': egg,
      'Eggs/own/config.fly': own,
    });

    expect(result.eggs.map(({ name }) => name)).toEqual(['own']);
    expect(result.mothergoose).toBeUndefined();
  });
});

describe('readNest: UglyFox', () => {
  const files = (body: string) => ({
    'UF/config.fly': `uglyfox {\n${body}\n}\n`,
    'Eggs/app/config.fly': anEgg('app', 'runner { concurrent = 4 }'),
  });
  const condition = (lines: string) => `runners_condition "c" {\n eggs_entities = ["app"]\n ${lines}\n}`;

  it('gives an Egg the tiers of the condition that names it, within what its jobs fill', () => {
    const body = condition(
      'apex {\n max_count = 10\n min_count = 6\n cpu_threshold = 80\n memory_threshold = "70%"\n }\n nadir {\n max_count = 2\n min_count = 1\n idle_timeout = "15m"\n }',
    );

    expect(read(files(body)).eggs[0]?.pool).toEqual({
      apex: { min: 4, max: 4, cpuThreshold: 80, memoryThreshold: 70 },
      nadir: { min: 1, max: 2, idleTimeoutMs: 900_000 },
    });
    expect(read(files(condition('apex { max_count = 2 }'))).eggs[0]?.pool.apex).toEqual({ min: 0, max: 2 });
    expect(read(files(condition(''))).eggs[0]?.pool.nadir).toMatchObject({ min: 0, max: 0 });
  });

  it('reads limits and policies, and the defaults where it says nothing', () => {
    const body = `pruning {\n failed_threshold = 5\n max_age = "12h"\n }\n policies {\n rule "a" {\n condition = "age > 1h"\n action = "terminate"\n }\n rule "b" {\n condition = "state == 'apex' AND idle_time > 30m"\n action = "demote_to_nadir"\n }\n}`;

    expect(read(files(body)).uglyfox).toEqual({
      failedThreshold: 5,
      maxAgeMs: 43_200_000,
      checkIntervalMs: 300_000,
      rules: [
        { name: 'a', condition: 'age > 1h', action: 'terminate' },
        { name: 'b', condition: "state == 'apex' AND idle_time > 30m", action: 'demote' },
      ],
    });
    expect(read(files('')).uglyfox).toEqual(defaultUglyFox);
    expect(read({}).uglyfox).toBeUndefined();
  });

  it('refuses a condition for an Egg that is not there, or that another condition names', () => {
    const unknown = read(files('runners_condition "c" {\n eggs_entities = ["ap"]\n}'));
    const twice = read(files(`${condition('')}\n${condition('').replace('"c"', '"d"')}`));

    expect(findings(unknown)).toEqual([
      'UF/config.fly:3 FLY071 no egg or eggsbucket is called "ap"; did you mean "app"?',
    ]);
    expect(findings(twice)).toEqual(['UF/config.fly:7 FLY046 "app" stands in runners_condition "c" already']);
  });

  it('keeps pools and policies as they were while its file is broken', () => {
    const result = read(files('pruning { failed_threshold = "three" }'));

    expect(result.uglyfox).toBeUndefined();
    expect(result.eggs).toEqual([]);
    expect(badFiles(result)).toEqual(['Eggs/app/config.fly', 'UF/config.fly']);
  });
});

describe('readNest: rules across files', () => {
  it('refuses the same name twice, ignoring case, in both files', () => {
    const job = 'job "APP" {\n schedule = "0 2 * * *"\n script = "true"\n}\n';
    const result = read({ 'Eggs/app/config.fly': anEgg('app'), 'Jobs/app.fly': job });

    expect(codesOf(result)).toEqual(['FLY080', 'FLY080']);
    expect(result.diagnostics[0]?.related).toMatchObject([{ file: 'Jobs/app.fly', message: 'job "APP"' }]);
    expect(result.eggs).toEqual([]);
    expect(result.jobs).toEqual([]);
  });

  it('refuses a reserved name', () => {
    expect(badFiles(read({ 'Eggs/nest/config.fly': anEgg('nest') }))).toEqual(['Eggs/nest/config.fly']);
  });

  it('refuses a second uglyfox', () => {
    const result = read({ 'UF/config.fly': 'uglyfox {\n}\n', 'UF/other.fly': 'uglyfox {\n}\n' });

    expect(codesOf(result)).toEqual(['FLY080', 'FLY080']);
    expect(result.uglyfox).toBeUndefined();
  });

  it('warns of two Eggs that take the same jobs', () => {
    const tags = (names: string) => `runner { tags = [${names}] }`;
    const a = anEgg('a', tags('"x", "y"'));
    const b = anEgg('b', tags('"y", "x"'));
    const c = anEgg('c', tags('"x"'));
    const result = read({ 'Eggs/a/config.fly': a, 'Eggs/b/config.fly': b, 'Eggs/c/config.fly': c });

    expect(findings(result)).toEqual([
      'Eggs/b/config.fly:3 FLY081 project 1 of gitlab.com is served with the same tags by "a" already',
    ]);
    expect(result.eggs).toHaveLength(3);
  });

  it('warns of a project that stands twice in a bucket', () => {
    const repo = (name: string) => `repo "${name}" {\n gitlab { project_id = 1 }\n }`;
    const text = `eggsbucket "team" {\n type = "vm"\n repositories {\n ${repo('a')}\n ${repo('b')}\n }\n}\n`;

    expect(codesOf(read({ 'Eggs/team/config.fly': text }))).toEqual(['FLY081']);
  });

  it('advises to name the folder like the Egg', () => {
    const result = read({ 'Eggs/other/config.fly': anEgg('app') });

    expect(findings(result)).toEqual([
      'Eggs/other/config.fly:1 FLY106 egg "app" stands in the folder Eggs/other',
    ]);
    expect(result.eggs).toHaveLength(1);
  });
});

describe('readNest: files with errors', () => {
  it('Feature: gitops-runner-orchestration, Property 6: an invalid file is refused, whatever is wrong with it', () => {
    const breakages = fc.constantFrom(
      ['project_id', 'projct_id'],
      ['type = "vm"', 'type = "wm"'],
      ['type = "vm"', 'type = 5'],
      ['type = "vm"\n', ''],
      ['{ project_id', '{ group_id = 2, project_id'],
      ['{ project_id', '{ project_id = 2\n group_id'],
      ['egg "app" {', 'egg "app" '],
      ['egg "app"', 'egg'],
      ['egg "app"', 'egg "default"'],
      ['"vm"', '"vm'],
      ['= 1', '= 0'],
    );
    fc.assert(
      fc.property(breakages, ([right = '', wrong = '']) => {
        const result = read({ 'Eggs/app/config.fly': anEgg('app').replace(right, wrong) });

        expect(result.eggs).toEqual([]);
        expect(badFiles(result)).toEqual(['Eggs/app/config.fly']);
        expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
      }),
    );
  });

  it('reads the good files beside the bad one, and nothing of the bad one', () => {
    const bad = `${anEgg('one', 'gitlab { project_id = 2 }')}\negg "two" {\n type = 1\n}\n`;
    const result = read({ 'Eggs/app/config.fly': anEgg('app'), 'Eggs/one/config.fly': bad });

    expect(result.eggs.map(({ name }) => name)).toEqual(['app']);
    expect(badFiles(result)).toEqual(['Eggs/one/config.fly']);
  });

  it('never throws, whatever the texts are', () => {
    const texts = fc.dictionary(
      fc.constantFrom('Nest.fly', 'Eggs/a/config.fly', 'UF/config.fly', 'MG/config.fly', 'Envs/prod.fly'),
      fc.oneof(fc.string(), fc.constant('egg "a" {'), fc.constant('defaults "egg" {\n}\n')),
    );
    fc.assert(
      fc.property(texts, (files) => {
        const result = read(files, { environment: 'prod' });

        expect(result.perFile.length).toBeGreaterThanOrEqual(Object.keys(files).length);
      }),
    );
  });
});

describe('readNest: jobs and notifications', () => {
  it('reads self-management jobs', () => {
    const job =
      'job "rotate" {\n schedule = "0 0 1 * *"\n script = "gosling rotate-tokens --all"\n runner {\n tags = ["mg"]\n }\n on_failure { notify = ["ops@example.com"] }\n}\n';

    expect(read({ 'Jobs/rotate.fly': job }).jobs).toEqual([
      {
        name: 'rotate',
        schedule: '0 0 1 * *',
        script: 'gosling rotate-tokens --all',
        runner: { type: 'auto', tags: ['mg'] },
        notify: ['ops@example.com'],
        sourceFile: 'Jobs/rotate.fly',
      },
    ]);
  });

  it('reads where alarms go', () => {
    const both = 'notifications {\n email = ["ops@example.com"]\n webhook = "https://example.com/hook"\n}\n';

    expect(read({ 'Nest.fly': both }).notifications).toEqual({
      email: ['ops@example.com'],
      webhook: 'https://example.com/hook',
    });
    expect(read({ 'Nest.fly': 'notifications {\n}\n' }).notifications).toEqual({ email: [] });
    expect(read({ 'Nest.fly': 'notifications { email = 1 }\n' }).notifications).toBeUndefined();
  });
});
