// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFiles } from '../read-nest.ts';
import type { EffectivePool, Origin } from './effective.ts';
import { explainPool } from './explain-pool.ts';

type Files = Readonly<Record<string, string>>;

const egg = (...lines: readonly string[]) =>
  `egg "app" {\n  type = "vm"\n  gitlab { project_id = 1 }\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;

function explain(files: Files, environment?: string, name = 'app'): EffectivePool {
  const parsed = parseFiles(Object.entries(files).map(([path, text]) => ({ path, text })));
  const found = explainPool(parsed, name, {
    embedded: true,
    ...(environment !== undefined && { environment }),
  });
  if (found.kind !== 'ok') throw new TypeError(JSON.stringify(found));
  return found.pool;
}

const say = (origin: Origin) =>
  origin.kind === 'file' ? `${origin.layer} ${origin.file}:${origin.line}` : origin.why;

/** `text ← who set it`. */
function lineOf(pool: EffectivePool, path: string): string {
  const value = pool.values.find((one) => one.path === path);
  if (value === undefined) return `no ${path}`;
  const through = value.through.map(({ name, origin }) => `${name} ${say(origin)}`);
  return [value.text ?? '-', say(value.origin), ...through].join(' ← ');
}

describe('explainPool', () => {
  it('names the layer that sets a value: block, defaults, patch, or the schema', () => {
    const files = {
      'Nest.fly': 'defaults "egg" {\n  runner {\n    idle_timeout = "5m"\n    concurrent = 4\n  }\n}\n',
      'Eggs/app/config.fly': egg('runner {', '  concurrent = 2', '}'),
      'Envs/prod.fly': 'patch "egg" "app" {\n  runner { jobs_per_runner = 2 }\n}\n',
    };
    const pool = explain(files, 'prod');

    expect(lineOf(pool, 'runner.concurrent')).toBe('2 ← block Eggs/app/config.fly:5');
    expect(lineOf(pool, 'runner.idle_timeout')).toBe('"5m" ← defaults Nest.fly:3');
    expect(lineOf(pool, 'runner.jobs_per_runner')).toBe('2 ← patch Envs/prod.fly:2');
    expect(lineOf(pool, 'resources.memory')).toBe('"4GiB" ← default');
    expect(pool).toMatchObject({ environment: 'prod', file: 'Eggs/app/config.fly', line: 1 });
  });

  it('says that the schema decides where a null of the patch takes away what was set', () => {
    const pool = explain(
      {
        'Eggs/app/config.fly': egg('runner { idle_timeout = "1m" }'),
        'Envs/prod.fly': 'patch "egg" "app" {\n  runner { idle_timeout = null }\n}\n',
      },
      'prod',
    );

    expect(lineOf(pool, 'runner.idle_timeout')).toBe('"10m" ← default');
  });

  it('follows variables and locals to where they are set, by the environment too', () => {
    const files = {
      'Nest.fly': 'variable "env" {\n  default = "dev"\n}\nlocals {\n  image = "cr/${var.env}"\n}\n',
      'Eggs/app/config.fly': egg('runner { image = local.image }'),
      'Envs/prod.fly': 'values {\n  env = "prod"\n}\n',
    };

    expect(lineOf(explain(files), 'runner.image')).toBe(
      '"cr/dev" ← block Eggs/app/config.fly:4 ← local.image local Nest.fly:5 ← var.env variable Nest.fly:2',
    );
    expect(lineOf(explain(files, 'prod'), 'runner.image')).toBe(
      '"cr/prod" ← block Eggs/app/config.fly:4 ← local.image local Nest.fly:5 ← var.env values Envs/prod.fly:2',
    );
  });

  it('takes the cloud from MG/config.fly, else this machine', () => {
    const mothergoose =
      'mothergoose {\n  cloud {\n    provider = "aws"\n    region = "eu-central-1"\n  }\n}\n';
    const inherited = explain({ 'Eggs/app/config.fly': egg(), 'MG/config.fly': mothergoose });
    const alone = explain({ 'Eggs/app/config.fly': egg() });

    expect(lineOf(inherited, 'cloud.provider')).toBe('"aws" ← mothergoose MG/config.fly:3');
    expect(lineOf(inherited, 'cloud.region')).toBe('"eu-central-1" ← mothergoose MG/config.fly:4');
    expect(lineOf(inherited, 'runner.executor')).toMatch(/^"docker" ← docker for vm;/);
    expect(lineOf(alone, 'cloud.provider')).toBe('"local" ← this machine');
  });

  it('takes the tiers from the condition that names the Egg, and says where its jobs cannot fill them', () => {
    const pool = explain({
      'Eggs/app/config.fly': egg('runner { concurrent = 3 }'),
      'UF/config.fly':
        'uglyfox {\n  runners_condition "x" {\n    eggs_entities = ["app"]\n    apex {\n      min_count = 1\n      max_count = 9\n    }\n  }\n}\n',
    });

    expect(lineOf(pool, 'apex.min_count')).toBe('1 ← uglyfox UF/config.fly:5');
    expect(lineOf(pool, 'apex.max_count')).toBe('3 ← uglyfox UF/config.fly:6');
    expect(pool.values.find(({ path }) => path === 'apex.max_count')?.note).toContain('9 is more than');
    expect(lineOf(pool, 'nadir.max_count')).toBe('0 ← default');
  });

  it('shows references to secrets, and neither tokens nor what a sensitive variable holds', () => {
    const token = `glpat-${'a'.repeat(20)}`;
    const pool = explain({
      'Nest.fly': 'variable "key" {\n  default   = "geheim"\n  sensitive = true\n}\n',
      'Eggs/app/config.fly': egg(
        'environment {',
        '  A = "vault://team/app/key"',
        `  B = "${token}"`,
        '  C = "x-${var.key}"',
        '}',
      ),
    });

    expect(lineOf(pool, 'environment.A')).toBe('"vault://team/app/key" ← block Eggs/app/config.fly:5');
    expect(JSON.stringify(pool)).not.toContain(token);
    expect(JSON.stringify(pool)).not.toContain('geheim');
    expect(lineOf(pool, 'environment.C')).toMatch(/^\(sensitive\) ← block/);
  });

  it('explains each project of a bucket, with the names of its secrets', () => {
    const text =
      'eggsbucket "all-of-us" {\n  type = "vm"\n  repositories {\n    repo "one" {\n      gitlab { project_id = 1 }\n    }\n    repo "two" {\n      gitlab {\n        server = "git.example.com"\n        group_id = 2\n      }\n    }\n  }\n}\n';
    const pool = explain({ 'Eggs/x/config.fly': text }, undefined, 'all-of-us');

    expect(lineOf(pool, 'repositories.repo.two.gitlab.group_id')).toBe('2 ← block Eggs/x/config.fly:10');
    expect(lineOf(pool, 'repositories.repo.two.gitlab.webhook_secret')).toBe(
      '- ← gitlab/git.example.com/all-of-us/webhook-secret',
    );
    expect(pool.kind).toBe('eggsbucket');
  });

  it('answers with the names there are, and with the files that stand in the way', () => {
    const parsed = parseFiles([
      { path: 'Eggs/app/config.fly', text: egg() },
      { path: 'UF/config.fly', text: 'uglyfox {\n  pruning { max_age = "soon" }\n}\n' },
    ]);

    expect(explainPool(parsed, 'ap', { embedded: true })).toEqual({ kind: 'unknown', names: ['app'] });
    expect(explainPool(parsed, 'app', { embedded: true })).toMatchObject({
      kind: 'invalid',
      reports: [
        { path: 'Eggs/app/config.fly', diagnostics: [] },
        { path: 'UF/config.fly', diagnostics: [{ code: 'FLY034' }] },
      ],
    });
  });

  it('names the uppermost layer that sets a value, whichever layers do', () => {
    const maybe = fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined });
    fc.assert(
      fc.property(maybe, maybe, maybe, (below, own, above) => {
        const set = (count: number | undefined) =>
          count === undefined ? '' : `  runner { concurrent = ${count} }\n`;
        const pool = explain(
          {
            'Nest.fly': `defaults "egg" {\n${set(below)}}\n`,
            'Eggs/app/config.fly': `egg "app" {\n  type = "vm"\n  gitlab { project_id = 1 }\n${set(own)}}\n`,
            'Envs/prod.fly': `patch "egg" "app" {\n${set(above)}}\n`,
          },
          'prod',
        );
        const layers = [
          ['patch Envs/prod.fly:2', above],
          ['block Eggs/app/config.fly:4', own],
          ['defaults Nest.fly:2', below],
          ['default', 1],
        ] as const;
        const [who, count] = layers.find(([, value]) => value !== undefined) ?? [];

        expect(lineOf(pool, 'runner.concurrent')).toBe(`${count} ← ${who}`);
      }),
      { numRuns: runs(100) },
    );
  });
});
