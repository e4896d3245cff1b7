import { type CompiledBlock, compile } from '../schema/compiled.ts';
import { schema } from '../schema/table.ts';
import type { FilledValues, FlyBlock } from './blocks.ts';

type Values = Readonly<Record<string, unknown>>;

const file = compile('', schema);

/**
 * The values of a block with every default of the schema that is the same in each context (`concurrent` 1,
 * `memory` 4096, `server` "gitlab.com", …). Defaults that depend on something else (cloud, executor,
 * max_jobs, run_untagged, apex.max_count) stay absent: their rows in the schema say in words what holds.
 */
export function withDefaults<Kind extends FlyBlock['kind']>(
  block: Extract<FlyBlock, { kind: Kind }>,
): FilledValues<Kind> {
  const compiled = file.blocks.get(block.kind);
  const values: Values = { ...block.values };
  // `fill` makes what the type says; it follows the same rows of the same table.
  return (compiled === undefined ? values : fill(values, compiled)) as FilledValues<Kind>;
}

function fill(values: Values, block: CompiledBlock): Values {
  const filled: Record<string, unknown> = { ...values };
  for (const [name, slot] of block.attributes) {
    if (!Object.hasOwn(values, name) && slot.spec?.default !== undefined) filled[name] = slot.spec.default;
  }
  for (const [name, inner] of block.blocks) {
    const value = values[name];
    if (Array.isArray(value)) filled[name] = value.map((item: Values) => fill(item, inner));
    else if (isValues(value)) filled[name] = fill(value, inner);
    else if (inner.spec.isFilled) filled[name] = fill({}, inner);
  }
  return filled;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null;
}
