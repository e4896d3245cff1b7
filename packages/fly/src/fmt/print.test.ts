// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkFly,
  type EggsBucketValues,
  type EggValues,
  type FlyBlock,
  formatFly,
  type PrintableBlock,
  parseFly,
  printBlock,
  printBlocks,
  printEgg,
  type UglyfoxValues,
} from '../index.ts';

const label = fc
  .stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,20}[A-Za-z0-9])?$/)
  .filter((text) => !/^(rift|nest|mg|uf|all|default)$/i.test(text));
const line = fc.string({ unit: 'grapheme', maxLength: 20 });
/** Texts of one and of several lines, with everything that could be taken for Fly. */
const anyText = fc
  .oneof(
    line,
    fc.string({ maxLength: 20 }),
    fc
      .array(
        fc.oneof(
          line,
          fc.constantFrom('EOT', '  EOT', '${var.x}', '$${x}', '', '  ', '\t', '"', '\\', '}', '\r'),
        ),
      )
      .map((lines) => lines.join('\n')),
  )
  .filter((text) => text.isWellFormed() && !text.includes('://'));
const durationMs = fc.integer({ min: 1, max: 10_000_000_000 });
const texts = fc.uniqueArray(anyText, { maxLength: 4 });
const optional = { requiredKeys: [] };

const cloud = fc.record(
  {
    provider: fc.constantFrom('aws', 'yandex', 'local'),
    region: anyText,
    spot: fc.constantFrom('never', 'only'),
    public_ip: fc.boolean(),
    zones: texts,
  },
  { requiredKeys: ['provider'] },
);
const resources = fc.record(
  {
    cpu: fc.integer({ min: 1, max: 256 }),
    memory: fc.integer({ min: 1, max: 1 << 20 }),
    disk: fc.integer({ min: 1, max: 1 << 20 }),
  },
  optional,
);
const runner = fc.record(
  {
    tags: texts,
    concurrent: fc.integer({ min: 1, max: 1000 }),
    idle_timeout: durationMs,
    run_untagged: fc.boolean(),
    pre_build_script: anyText,
    docker: fc.record({ privileged: fc.boolean(), volumes: texts }, optional),
  },
  optional,
);
const gitlab = fc.oneof(
  fc.record({
    server: fc.constantFrom('gitlab.com', 'git.example.com:8443'),
    project_id: fc.integer({ min: 1 }),
  }),
  fc.record({ group_id: fc.integer({ min: 1 }), token_secret: fc.constant('vault://secret/app/token') }),
);
const envName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/).filter((name) => name !== '__proto__');
const environment = fc.dictionary(envName, fc.oneof(anyText, fc.constant({ secret: 'aws-sm://app/key' })), {
  noNullPrototype: true,
  maxKeys: 4,
});
const pool = { type: fc.constantFrom('vm', 'serverless', 'auto'), cloud, resources, runner, environment };
const egg = fc.record({ ...pool, gitlab }, { requiredKeys: ['type', 'gitlab'] }) as fc.Arbitrary<EggValues>;
const bucket = fc.record(
  {
    ...pool,
    repositories: fc.record({
      repo: fc.uniqueArray(fc.record({ label, gitlab }), {
        minLength: 1,
        maxLength: 6,
        selector: (repo) => repo.label.toLowerCase(),
      }),
    }),
  },
  { requiredKeys: ['type', 'repositories'] },
) as fc.Arbitrary<EggsBucketValues>;
const uglyfox = fc.record(
  {
    pruning: fc.record({ failed_threshold: fc.integer({ min: 1, max: 9 }), max_age: durationMs }, optional),
    runners_condition: fc.uniqueArray(
      fc.record({
        label,
        eggs_entities: texts,
        apex: fc.record(
          {
            min_count: fc.integer({ min: 0, max: 5 }),
            max_count: fc.integer({ min: 5, max: 9 }),
            cpu_threshold: fc.integer({ min: 0, max: 100 }),
          },
          optional,
        ),
      }),
      { minLength: 1, maxLength: 3, selector: (condition) => condition.label.toLowerCase() },
    ),
    policies: fc.record({
      rule: fc.uniqueArray(
        fc.record({
          label,
          condition: fc.constantFrom('age > 1h', "state == 'apex' AND NOT idle_time <= 30m"),
          action: fc.constant('terminate'),
        }),
        { minLength: 1, maxLength: 3, selector: (rule) => rule.label.toLowerCase() },
      ),
    }),
  },
  optional,
) as fc.Arbitrary<UglyfoxValues>;

const block: fc.Arbitrary<PrintableBlock> = fc.oneof(
  fc.record({ kind: fc.constant('egg' as const), labels: fc.tuple(label), values: egg }),
  fc.record({ kind: fc.constant('eggsbucket' as const), labels: fc.tuple(label), values: bucket }),
  fc.record({ kind: fc.constant('uglyfox' as const), labels: fc.constant([]), values: uglyfox }),
);

/** Plain data, without the prototypes that the checker gives to free maps. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify([value]));

function read(text: string): { errors: string[]; blocks: Pick<FlyBlock, 'kind' | 'labels' | 'values'>[] } {
  const checked = checkFly(parseFly(text));
  return {
    errors: checked.diagnostics
      .filter(({ severity }) => severity === 'error')
      .map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`),
    blocks: checked.blocks.map(({ kind, labels, values }) => ({ kind, labels, values })),
  };
}

describe('the canonical printer', () => {
  it('Feature: gitops-runner-orchestration, Property 1: printing and then parsing gives the same configuration (P2)', () => {
    fc.assert(
      fc.property(block, (given) => {
        const text = printBlock(given);
        const { errors, blocks } = read(text);

        expect(errors).toEqual([]);
        expect(plain(blocks)).toEqual(plain([given]));
        expect(formatFly(text)).toBe(text);
      }),
      { numRuns: runs(300) },
    );
  });

  it('Feature: gitops-runner-orchestration, Property 3: nested blocks keep their places in the hierarchy', () => {
    fc.assert(
      fc.property(egg, fc.record({ name: label }), (values, { name }) => {
        const [found] = checkFly(parseFly(printEgg(name, values))).blocks;

        expect(found?.name).toBe(name);
        expect(plain(found?.kind === 'egg' ? found.values.runner?.docker : undefined)).toEqual(
          plain(values.runner?.docker),
        );
        expect(found?.kind === 'egg' && Object.keys(found.values).toSorted()).toEqual(
          Object.keys(values).toSorted(),
        );
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 4a: a bucket keeps every repository, in its order', () => {
    fc.assert(
      fc.property(bucket, label, (values, name) => {
        const text = printBlock({ kind: 'eggsbucket', labels: [name], values });
        const found = checkFly(parseFly(text)).blocks.find((candidate) => candidate.kind === 'eggsbucket');

        expect(found?.values.repositories.repo.map((repo) => repo.label)).toEqual(
          values.repositories.repo.map((repo) => repo.label),
        );
        expect(plain(found?.values.repositories)).toEqual(plain(values.repositories));
      }),
    );
  });

  it('separates blocks by one empty line', () => {
    const values: EggValues = { type: 'vm', gitlab: { project_id: 1 } };
    const text = printBlocks([
      { kind: 'egg', labels: ['a'], values },
      { kind: 'egg', labels: ['b'], values },
    ]);

    expect(text).toBe(`egg "a" {
  type = "vm"

  gitlab {
    project_id = 1
  }
}

egg "b" {
  type = "vm"

  gitlab {
    project_id = 1
  }
}
`);
  });

  it('prints locals, variables and patches of any shape', () => {
    const values = {
      text: 'a\nb',
      count: 1e21,
      tiny: 1e-7,
      list: [1, [true, null]],
      map: { 'a b': { c: 'd' } },
    };
    const text = printBlock({ kind: 'locals', labels: [], values });
    const { errors, blocks } = read(text);

    expect(errors).toEqual([]);
    expect(plain(blocks[0]?.values)).toEqual(plain(values));
    expect(
      read(printBlock({ kind: 'patch', labels: ['egg', 'a'], values: { runner: { concurrent: 3 } } })),
    ).toEqual({
      errors: [],
      blocks: [{ kind: 'patch', labels: ['egg', 'a'], values: { runner: { concurrent: 3 } } }],
    });
  });
});
