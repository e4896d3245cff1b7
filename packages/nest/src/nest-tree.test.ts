// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { isEggName } from '@polar-gosling/domain';
import { formatFly } from '@polar-gosling/fly';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EggFileOptions, eggFile } from './egg-file.ts';
import type { NestFile } from './nest-read.ts';
import { nestTree } from './nest-tree.ts';
import { readNest } from './read-nest.ts';

const flyOf = (files: readonly NestFile[]) => files.filter(({ path }) => path.endsWith('.fly'));
const clouds = fc.constantFrom('aws', 'yandex', 'local' as const);

describe('nestTree', () => {
  it('Feature: gitops-runner-orchestration, Property 5: a new Nest has Eggs, Jobs and UF, and is valid as it is', () => {
    const regions = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
    fc.assert(
      fc.property(clouds, regions, (cloud, region) => {
        const files = nestTree({ cloud, ...(region === undefined ? {} : { region }) });
        const result = readNest(flyOf(files), { embedded: cloud === 'local' });

        const folders = files.map(({ path }) => path.split('/')[0]);
        expect(folders).toEqual(
          expect.arrayContaining(['Eggs', 'Jobs', 'UF', 'MG', 'README.md', '.gitignore']),
        );
        expect(result.diagnostics).toEqual([]);
        expect(result.mothergoose?.cloud?.provider).toBe(cloud);
        if (region !== undefined) expect(result.mothergoose?.cloud?.region).toBe(region);
      }),
    );
  });

  it('is formatted as fmt would', () => {
    for (const { text } of flyOf(nestTree({ cloud: 'aws' }))) expect(formatFly(text)).toBe(text);
  });

  it('lets GitLab check every change', () => {
    const ci = nestTree({ cloud: 'local' }).find(({ path }) => path === '.gitlab-ci.yml');

    // The report for the merge request, and the same for people in the log of the job.
    expect(ci?.text).toContain(
      'gosling validate --format gitlab > gl-code-quality-report.json || gosling validate\n',
    );
    expect(ci?.text).toContain('codequality: gl-code-quality-report.json\n');
  });
});

const words = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
  fc.constantFrom('${var.env}', '$${x}', '${', 'a"b', 'a\\b', 'tab\there', 'new\nline', 'return\rhere'),
);
const ids = fc.integer({ min: 1, max: 1_000_000 });
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const eggs = fc
  .record({
    name: fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?$/).filter(isEggName),
    type: optional(fc.constantFrom('vm', 'serverless', 'auto' as const)),
    target: fc.oneof(fc.record({ projectId: ids }), fc.record({ groupId: ids })),
    server: optional(fc.constantFrom('gitlab.com', 'git.example.com')),
    tags: optional(fc.uniqueArray(words)),
    concurrent: optional(fc.integer({ min: 1, max: 100 })),
    cpu: optional(fc.integer({ min: 1, max: 16 })),
  })
  .map(({ target, server, cpu, type, tags, concurrent, name }): EggFileOptions => {
    return {
      name,
      gitlab: { ...target, ...(server === undefined ? {} : { server }) },
      cloud: { provider: 'aws', region: 'eu-1' },
      ...(type === undefined ? {} : { type }),
      ...(tags === undefined ? {} : { tags }),
      ...(concurrent === undefined ? {} : { concurrent }),
      ...(cpu === undefined ? {} : { resources: { cpu, memoryMib: 2048, diskGib: 30 } }),
    };
  });

describe('eggFile', () => {
  it('writes a formatted file that reads as what was asked for', () => {
    fc.assert(
      fc.property(eggs, (options) => {
        const file = eggFile(options);
        const result = readNest([file], { embedded: false });

        expect(result.diagnostics).toEqual([]);
        expect(formatFly(file.text)).toBe(file.text);
        expect(file.path).toBe(`Eggs/${options.name}/config.fly`);
        expect(result.eggs[0]).toMatchObject({
          name: options.name,
          type: options.type ?? 'vm',
          runner: { tags: options.tags ?? [], concurrent: options.concurrent ?? 1 },
          resources: { cpu: options.resources?.cpu ?? 2 },
        });
      }),
    );
  });

  it('looks like one that a person would write', () => {
    const { text } = eggFile({
      name: 'my-app',
      gitlab: { server: 'gitlab.com', projectId: 12_345 },
      tags: ['docker', 'linux'],
      concurrent: 3,
      idleTimeout: '10m',
    });

    expect(text).toBe(`egg "my-app" {
  type = "vm"

  runner {
    tags         = ["docker", "linux"]
    concurrent   = 3
    idle_timeout = "10m"
  }

  gitlab {
    server     = "gitlab.com"
    project_id = 12345
  }
}
`);
  });
});
