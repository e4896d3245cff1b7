import type { AttributeSpec, BlockSpec, ValueType } from './types.ts';

/** An attribute's row of the schema with its name. */
export interface Slot {
  readonly name: string;
  readonly type: ValueType;
  readonly spec?: AttributeSpec;
}

/** A block's schema in the form the checker asks it: maps, so that a name like `constructor` finds nothing. */
export interface CompiledBlock {
  readonly name: string;
  readonly spec: BlockSpec;
  readonly attributes: ReadonlyMap<string, Slot>;
  readonly blocks: ReadonlyMap<string, CompiledBlock>;
  readonly requiredAttributes: readonly string[];
  readonly requiredBlocks: readonly string[];
  readonly free: Slot | undefined;
  readonly anyBlock: CompiledBlock | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  /** Names of attributes and blocks, for "did you mean". */
  readonly names: readonly string[];
}

export function compile(name: string, spec: BlockSpec): CompiledBlock {
  const attributes = new Map<string, Slot>(
    Object.entries(spec.attributes ?? {}).map(([key, row]) => [
      key,
      { name: key, type: row.type, spec: row },
    ]),
  );
  const blocks = new Map(Object.entries(spec.blocks ?? {}).map(([key, inner]) => [key, compile(key, inner)]));
  const isRequired = ([, row]: readonly [string, { readonly required?: true }]) => row.required === true;
  return {
    name,
    spec,
    attributes,
    blocks,
    requiredAttributes: Object.entries(spec.attributes ?? {})
      .filter(isRequired)
      .map(first),
    requiredBlocks: Object.entries(spec.blocks ?? {})
      .filter(isRequired)
      .map(first),
    free: spec.free && { name: 'value', type: spec.free },
    anyBlock: spec.anyBlock && compile(name, spec.anyBlock),
    aliases: new Map(Object.entries(spec.aliases ?? {})),
    names: [...attributes.keys(), ...blocks.keys()],
  };
}

function first(entry: readonly [string, unknown]): string {
  return entry[0];
}

/** Name of the nested block of this block that has the attribute or block, if one has. */
export function findHome(block: CompiledBlock, name: string): string | undefined {
  for (const [key, inner] of block.blocks) {
    if (inner.attributes.has(name) || inner.blocks.has(name)) return key;
  }
  return undefined;
}
