import type { BlockNode, Span } from '../syntax/tree.ts';
import type { ValuesAgreeWithTheTable } from './agreement.ts';
import type {
  FilledEggsBucketValues,
  FilledEggValues,
  FilledJobValues,
  FilledUglyfoxValues,
} from './filled-values.ts';
import type { MothergooseValues } from './mothergoose-values.ts';
import type {
  EggsBucketValues,
  EggValues,
  FreeValues,
  JobValues,
  NotificationsValues,
  UglyfoxValues,
  VariableValues,
} from './values.ts';

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

export type EggBlock = CheckedBlock<'egg', EggValues>;
export type EggsBucketBlock = CheckedBlock<'eggsbucket', EggsBucketValues>;
export type JobBlock = CheckedBlock<'job', JobValues>;
export type UglyfoxBlock = CheckedBlock<'uglyfox', UglyfoxValues>;
export type MothergooseBlock = CheckedBlock<'mothergoose', MothergooseValues>;
export type VariableBlock = CheckedBlock<'variable', VariableValues>;
export type LocalsBlock = CheckedBlock<'locals', FreeValues>;
export type DefaultsBlock = CheckedBlock<'defaults', FreeValues>;
export type NotificationsBlock = CheckedBlock<'notifications', NotificationsValues>;
export type ValuesBlock = CheckedBlock<'values', FreeValues>;
export type PatchBlock = CheckedBlock<'patch', FreeValues>;

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

interface FilledKinds {
  readonly egg: FilledEggValues;
  readonly eggsbucket: FilledEggsBucketValues;
  readonly job: FilledJobValues;
  readonly uglyfox: FilledUglyfoxValues;
}

/** The values of each kind of block after `withDefaults`. */
export type FilledValues<Kind extends FlyBlock['kind']> = ValuesAgreeWithTheTable extends true
  ? Kind extends keyof FilledKinds
    ? FilledKinds[Kind]
    : Extract<FlyBlock, { kind: Kind }>['values']
  : never;
