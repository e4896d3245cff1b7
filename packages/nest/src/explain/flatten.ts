import type { AttributeSpec, BlockSpec, ValueType } from '@polar-gosling/fly';

/** A value of a block by its path of names and labels. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly type: ValueType;
  /** Absent for a free name. */
  readonly spec?: AttributeSpec;
}

type Values = Readonly<Record<string, unknown>>;

/** Every attribute that is set or says what holds where it is not, in the order of the schema. */
export function flatten(values: Values, spec: BlockSpec, path: readonly string[] = []): Leaf[] {
  const attributes = Object.entries(spec.attributes ?? {}).flatMap(([name, row]) => {
    const isTold = values[name] !== undefined || row.defaultDoc !== undefined;
    return isTold ? [{ path: [...path, name], value: values[name], type: row.type, spec: row }] : [];
  });
  const { free } = spec;
  const freely =
    free === undefined
      ? []
      : Object.keys(values).map((name) => ({ path: [...path, name], value: values[name], type: free }));
  const blocks = Object.entries(spec.blocks ?? {}).flatMap(([name, inner]) =>
    flattenBlock(values[name], inner, [...path, name]),
  );
  return [...attributes, ...freely, ...blocks];
}

function flattenBlock(value: unknown, spec: BlockSpec, path: readonly string[]): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap(({ label, ...rest }: Values & { label: string }) =>
      flatten(rest, spec, [...path, label]),
    );
  }
  return isValues(value) ? flatten(value, spec, path) : [];
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null;
}
