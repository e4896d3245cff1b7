import type { schema } from '../schema/table.ts';
import type { FilledValuesOf, Plain, ValuesOf } from '../schema/types.ts';
import type { BlockNode, Span } from '../syntax/tree.ts';

type Schemas = typeof schema.blocks;
type PlainValues = { readonly [name: string]: Plain };

/**
 * One checked top-level block. `values` has the names of the file (`values.runner?.idle_timeout`), typed by
 * the schema: durations are ms, sizes count the unit of their attribute (`memory` MiB, `disk` GiB), labelled
 * nested blocks are a list of `{ label, … }`. The types hold where `isValid`; nothing is filled in.
 */
export interface CheckedBlock<Kind extends string, Values> {
  readonly kind: Kind;
  /** The last label; empty for a block without labels. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly values: Values;
  readonly file: string;
  /** From the first letter of the header to the closing brace. */
  readonly span: Span;
  /** The kind and the labels. */
  readonly headerSpan: Span;
  /** No error was found in it. */
  readonly isValid: boolean;
  /** Its place in the tree, for `spanOf`. */
  readonly node: BlockNode;
}

export type EggBlock = CheckedBlock<'egg', ValuesOf<Schemas['egg']>>;
export type EggsBucketBlock = CheckedBlock<'eggsbucket', ValuesOf<Schemas['eggsbucket']>>;
export type JobBlock = CheckedBlock<'job', ValuesOf<Schemas['job']>>;
export type UglyfoxBlock = CheckedBlock<'uglyfox', ValuesOf<Schemas['uglyfox']>>;
export type MothergooseBlock = CheckedBlock<'mothergoose', ValuesOf<Schemas['mothergoose']>>;
export type VariableBlock = CheckedBlock<'variable', ValuesOf<Schemas['variable']>>;
export type LocalsBlock = CheckedBlock<'locals', PlainValues>;
export type DefaultsBlock = CheckedBlock<'defaults', PlainValues>;
export type NotificationsBlock = CheckedBlock<'notifications', ValuesOf<Schemas['notifications']>>;
export type ValuesBlock = CheckedBlock<'values', PlainValues>;
export type PatchBlock = CheckedBlock<'patch', PlainValues>;

export type FlyBlock =
  | EggBlock
  | EggsBucketBlock
  | JobBlock
  | UglyfoxBlock
  | MothergooseBlock
  | VariableBlock
  | LocalsBlock
  | DefaultsBlock
  | NotificationsBlock
  | ValuesBlock
  | PatchBlock;

/** Values of an `egg` block as printed by `printEgg`, and as they come out of `withDefaults`. */
export type EggValues = EggBlock['values'];
export type FilledEggValues = FilledValuesOf<Schemas['egg']>;
export type FilledEggsBucketValues = FilledValuesOf<Schemas['eggsbucket']>;
export type FilledJobValues = FilledValuesOf<Schemas['job']>;
export type FilledUglyfoxValues = FilledValuesOf<Schemas['uglyfox']>;

/** The values of each kind of block after `withDefaults`. */
export type FilledValues<Kind extends FlyBlock['kind']> = Kind extends
  | 'locals'
  | 'values'
  | 'defaults'
  | 'patch'
  ? PlainValues
  : FilledValuesOf<Schemas[Kind]>;
