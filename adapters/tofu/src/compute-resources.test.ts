import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clouds, schemaPath } from './cloud-bench.ts';
import { computeDirectory } from './compute-module.ts';

interface Resource {
  readonly name: string;
  readonly type: string;
  readonly body: string;
}

/** Resources of all modules: reviewed and formatted, so a block ends where `}` begins a line. */
const resources: readonly Resource[] = readdirSync(computeDirectory, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.tf'))
  .toSorted()
  .flatMap((name) => {
    const text = readFileSync(join(computeDirectory, name), 'utf8');
    return [...text.matchAll(/^resource "(\w+)" "(\w+)" \{\n([\s\S]*?)^\}$/gm)].map(
      ([, type = '', label, body = '']) => ({ name: `${name} ${type}.${label}`, type, body }),
    );
  });

/** What `timeouts` of each kind of resource know, by the documentation of its provider. */
const timeouts = new Map(
  clouds.flatMap((provider) => {
    const { resources: known } = JSON.parse(readFileSync(schemaPath(provider), 'utf8'));
    return Object.entries<{ blocks?: { timeouts?: { attributes: object } } }>(known).map(
      ([type, { blocks }]) => [type, Object.keys(blocks?.timeouts?.attributes ?? {})] as const,
    );
  }),
);

/** The content of a block directly in a resource. */
function blockOf({ body }: Resource, name: string): string | undefined {
  return new RegExp(`^ {2}${name} \\{\\n([\\s\\S]*?)^ {2}\\}$`, 'm').exec(body)?.[1];
}

describe('every resource that a runner is made of', () => {
  it('is looked at here', () => {
    expect(resources.map(({ name }) => name)).toEqual([
      'aws/aws_resources.tf aws_instance.runner',
      'aws/aws_resources.tf aws_ecs_task_definition.runner',
      'aws/aws_resources.tf aws_ecs_service.runner',
      'local/main.tf terraform_data.runner',
      'local/main.tf terraform_data.start',
      'yandex/container/main.tf yandex_serverless_container.runner',
      'yandex/yc_resources.tf yandex_compute_instance.runner',
      'yandex/yc_resources.tf terraform_data.runner',
    ]);
  });

  it.each(resources)('is never changed while it lives: $name', (resource) => {
    expect(blockOf(resource, 'lifecycle')?.trim()).toBe('ignore_changes = all');
  });

  it.each(resources)('has five minutes where its provider knows timeouts: $name', (resource) => {
    const known = timeouts.get(resource.type) ?? [];
    const wanted = ['create', 'delete'].filter((name) => known.includes(name));

    const given = (blockOf(resource, 'timeouts') ?? '').split('\n').map((line) => line.trim());

    expect(given.filter((line) => line !== '')).toEqual(wanted.map((name) => `${name} = "5m"`));
  });

  it('is of a kind whose timeouts are known, unless it is built in', () => {
    const types = new Set(resources.map(({ type }) => type));

    expect([...types].filter((type) => !timeouts.has(type))).toEqual(['terraform_data']);
  });
});
