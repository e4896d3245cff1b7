import { describe, expect, it } from 'vitest';
import { checkFly, parseFly, schema } from '../index.ts';
import type { BlockSpec } from '../schema/types.ts';
import { flyReference } from './docs.ts';
import { flyJsonSchema } from './json-schema.ts';

/** A body of the table, by the blocks around it. */
interface Body {
  readonly path: readonly string[];
  readonly spec: BlockSpec;
}

function bodiesOf(spec: BlockSpec, path: readonly string[] = []): Body[] {
  const inner = Object.entries(spec.blocks ?? {}).flatMap(([name, one]) => bodiesOf(one, [...path, name]));
  const any = spec.anyBlock === undefined ? [] : bodiesOf(spec.anyBlock, [...path, 'NAME']);
  return [{ path, spec }, ...inner, ...any];
}

const bodies = bodiesOf(schema);
const named = ({ spec }: Body) => [
  ...Object.keys(spec.attributes ?? {}),
  ...Object.keys(spec.blocks ?? {}),
  ...Object.keys(spec.aliases ?? {}),
];
const titleOf = ({ path }: Body) => (path.length === 0 ? 'the file' : path.join(' › '));

/** Names that the checker refuses in this body. */
function refused({ path }: Body, names: readonly string[]): string[] {
  const lines = names.map((name) => `${name} = 1`);
  const text = path.reduceRight((inner, name, depth) => {
    const outer = bodies.find((body) => titleOf(body) === path.slice(0, depth + 1).join(' › '));
    const count = outer?.spec.labels ?? 0;
    const labels = ['"egg"', '"a"'].slice(0, count).join(' ');
    return `${name} ${labels} {\n${inner}\n}`;
  }, lines.join('\n'));
  const unknown = checkFly(parseFly(text)).diagnostics.filter(({ code }) => code === 'FLY030');
  return unknown.map(({ range }) => text.split('\n')[range.start.line - 1]?.split(' ')[0] ?? '');
}

/** The names of a body in the JSON Schema, and whether it takes others. */
function ofJsonSchema({ path }: Body): { names: string[]; isOpen: boolean } {
  const root = flyJsonSchema();
  let at: unknown = root;
  for (const name of path) at = bodyIn(root, childOf(at, name));
  const body = at as { properties?: object; additionalProperties?: unknown };
  return { names: Object.keys(body.properties ?? {}), isOpen: body.additionalProperties !== false };
}

function childOf(at: unknown, name: string): unknown {
  const { properties = {}, additionalProperties } = at as {
    properties?: Record<string, unknown>;
    additionalProperties?: unknown;
  };
  return properties[name] ?? additionalProperties;
}

/** The body behind labels, lists and references. */
function bodyIn(root: unknown, at: unknown): unknown {
  const one = at as Record<string, unknown>;
  if (typeof one['$ref'] === 'string') {
    const name = one['$ref'].replace('#/$defs/', '');
    return (root as { $defs: Record<string, unknown> }).$defs[name];
  }
  if (one['propertyNames'] !== undefined) return bodyIn(root, one['additionalProperties']);
  return one['items'] === undefined ? at : bodyIn(root, one['items']);
}

/** The names that the section of a body shows, nested blocks by their own sections. */
function ofReference(body: Body): string[] {
  const sections = flyReference().split(/^#+ /m);
  const title = body.path.length === 0 ? 'File' : titleOf(body);
  const own = sections.find((section) => section.startsWith(`${title}\n`)) ?? '';
  const attributes = [...own.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1] ?? '');
  const aliases = [...own.matchAll(/^`([a-z_]+)` is another name/gm)].map((match) => match[1] ?? '');
  const nested = sections.flatMap((section) => {
    const path = section.split('\n')[0]?.split(' › ') ?? [];
    const isChild = path.length === body.path.length + 1 && body.path.every((name, at) => path[at] === name);
    const name = path.at(-1) ?? '';
    return isChild && /^[a-z_]+$/.test(name) ? [name] : [];
  });
  return [...attributes, ...nested, ...aliases];
}

describe('one table for checker, reference and JSON Schema', () => {
  it.each(bodies.map((body) => [titleOf(body), body] as const))(
    'P11: %s has the same names in all',
    (_, body) => {
      const names = named(body);
      const isOpen =
        body.spec.free !== undefined || body.spec.anyBlock !== undefined || body.spec.isPartial === true;
      const json = ofJsonSchema(body);

      expect(ofReference(body).toSorted()).toEqual(names.toSorted());
      if (body.spec.isPartial !== true) expect(json.names.toSorted()).toEqual(names.toSorted());
      expect(refused(body, names)).toEqual([]);
      if (isOpen) return;
      expect(json.isOpen).toBe(false);
      expect(refused(body, ['no_such_name'])).toEqual(['no_such_name']);
    },
  );

  it('the reference is the one in docs (vitest -u writes it)', async () => {
    await expect(flyReference()).toMatchFileSnapshot('../../../../docs/reference/fly.md');
  });

  it('the JSON Schema is whole: what it refers to is there, and it says what is required', () => {
    const json = flyJsonSchema();
    const references = [...JSON.stringify(json).matchAll(/"#\/\$defs\/(\w+)"/g)].map((match) => match[1]);

    expect(Object.keys(json['$defs'] ?? {})).toEqual(expect.arrayContaining([...new Set(references)]));
    expect(json).toMatchObject({
      properties: { egg: { additionalProperties: { $ref: '#/$defs/egg' } } },
      $defs: {
        egg: {
          required: ['type', 'gitlab'],
          properties: { gitlab: { allOf: [{ oneOf: expect.anything() }] } },
        },
        egg_patch: {
          properties: { type: { anyOf: [{ enum: ['vm', 'serverless', 'auto'] }, { type: 'null' }] } },
        },
      },
    });
    expect(json).not.toHaveProperty('$defs.egg_defaults.required');
  });
});
