import { type BlockSpec, schema } from '@polar-gosling/fly';
import { describe, expect, it } from 'vitest';
import { marked } from '../testing/marked.ts';
import { complete } from './completion.ts';
import { hover } from './hover.ts';

/** A body of the schema table, by the blocks around it. */
interface Body {
  readonly path: readonly { readonly name: string; readonly spec: BlockSpec }[];
  readonly spec: BlockSpec;
}

function bodiesOf(spec: BlockSpec, path: Body['path'] = []): Body[] {
  const inner = Object.entries(spec.blocks ?? {}).flatMap(([name, one]) =>
    bodiesOf(one, [...path, { name, spec: one }]),
  );
  return [{ path, spec }, ...inner];
}

/** The text of a file in which `line` stands in this body, and nothing else. */
function textWith({ path }: Body, line: string): string {
  return path.reduceRight((text, { name, spec }) => {
    const labels = ['"egg"', '"a"'].slice(0, spec.labels ?? 0).join(' ');
    return `${name} ${labels} {\n${text}\n}`;
  }, line);
}

const offered = (spec: BlockSpec) =>
  Object.entries({ ...spec.attributes, ...spec.blocks })
    .filter(([, { deprecated }]) => deprecated === undefined)
    .map(([name]) => name);

const bodies = bodiesOf(schema).filter(({ spec }) => spec.isPartial !== true);

describe('one table for checker and editor', () => {
  it.each(bodies.map((body) => [body.path.map(({ name }) => name).join(' › ') || 'the file', body] as const))(
    'P11: in %s the editor offers the names that the checker takes, and tells of each',
    (_, body) => {
      const { snapshot, position } = marked(textWith(body, '|'));
      const labels = complete(snapshot, position, { hasSnippets: false }).map(({ label }) => label);
      const told = offered(body.spec).filter((name) => {
        const isBlock = Object.hasOwn(body.spec.blocks ?? {}, name);
        const line = `${name.slice(0, 1)}|${name.slice(1)} ${isBlock ? '{\n}' : '= 1'}`;
        const at = marked(textWith(body, line));
        return hover(at.snapshot, at.position) !== undefined;
      });

      expect(labels.toSorted()).toEqual(offered(body.spec).toSorted());
      expect(told.toSorted()).toEqual(offered(body.spec).toSorted());
    },
  );
});
