export type {
  CheckedBlock,
  DefaultsBlock,
  EggBlock,
  EggsBucketBlock,
  EggValues,
  FilledEggsBucketValues,
  FilledEggValues,
  FilledJobValues,
  FilledUglyfoxValues,
  FilledValues,
  FlyBlock,
  JobBlock,
  LocalsBlock,
  MothergooseBlock,
  NotificationsBlock,
  PatchBlock,
  UglyfoxBlock,
  ValuesBlock,
  VariableBlock,
} from './check/blocks.ts';
export { codes, explainCode, type FlyCode, isFlyCode, type Severity } from './diag/codes.ts';
export type { DiagnosisOptions, Diagnostic, Fix, FixEdit, RelatedPlace } from './diag/diagnostic.ts';
export type { FixSafety, TextEdit } from './diag/sink.ts';
export { diagnose, type ParsedFile, parseFly, positionOf } from './parse-fly.ts';
export { type BlockKind, schema } from './schema/table.ts';
export type { AttributeSpec, BlockSpec, EnvValue, Plain, ValueType } from './schema/types.ts';
export type { Position, Range } from './syntax/lines.ts';
export type { FileNode, Span, Tokens } from './syntax/tree.ts';
