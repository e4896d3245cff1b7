export type {
  CheckedBlock,
  DefaultsBlock,
  EggBlock,
  EggsBucketBlock,
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
export { type CheckedFile, type CheckOptions, checkFly } from './check/check-fly.ts';
export type {
  FilledApexValues,
  FilledCloudValues,
  FilledEggsBucketValues,
  FilledEggValues,
  FilledGitlabValues,
  FilledJobValues,
  FilledNadirValues,
  FilledResourcesValues,
  FilledRunnerValues,
  FilledUglyfoxValues,
} from './check/filled-values.ts';
export { limits } from './check/limits.ts';
export type { ComponentValues, MothergooseValues } from './check/mothergoose-values.ts';
export { spanOf } from './check/span-of.ts';
export { suppress } from './check/suppress.ts';
export type {
  ApexValues,
  CloudValues,
  EggsBucketValues,
  EggValues,
  EnvironmentValues,
  FreeValues,
  GitlabValues,
  JobValues,
  NadirValues,
  NotificationsValues,
  PolicyAction,
  PolicyRuleValues,
  RepoValues,
  ResourcesValues,
  RunnersConditionValues,
  RunnerValues,
  UglyfoxValues,
  VariableValues,
} from './check/values.ts';
export { withDefaults } from './check/with-defaults.ts';
export { type CodeEntry, codes, explainCode, type FlyCode, isFlyCode, type Severity } from './diag/codes.ts';
export type { DiagnosisOptions, Diagnostic, Fix, FixEdit, RelatedPlace } from './diag/diagnostic.ts';
export { maskSecrets, maskTokens } from './diag/mask.ts';
export { diagnosticsToGitlab, type ReportOptions } from './diag/render/gitlab.ts';
export { diagnosticsToJson } from './diag/render/json.ts';
export { type RenderOptions, renderDiagnostics } from './diag/render/pretty.ts';
export { diagnosticsToSarif, type SarifOptions } from './diag/render/sarif.ts';
export { type AppliedFix, applySafeFixes, type FixedText } from './diag/safe-fixes.ts';
export type { FixSafety, TextEdit } from './diag/sink.ts';
export {
  type AttributeEdit,
  addBlock,
  type BlockEdit,
  type BlockStep,
  type Edited,
  setAttribute,
} from './edit/edit-fly.ts';
export { formatFly } from './fmt/fmt.ts';
export { type PrintableBlock, printBlock, printBlocks, printEgg, printFlyValue } from './fmt/print.ts';
export { diagnose, type ParsedFile, type ParseOptions, parseFly, positionOf } from './parse-fly.ts';
export { type ReferencePlace, referencesIn } from './resolve/references-in.ts';
export { collectScope, type Definition, type Scope, type ScopeOptions } from './resolve/scope.ts';
export { evaluateRule, type RuleFacts } from './rules/eval.ts';
export { type Field, fields } from './rules/fields.ts';
export { parseRule } from './rules/parse.ts';
export type { ParsedRule, Rule, RuleOperator, RuleProblem, RuleTest } from './rules/tree.ts';
export { type BlockKind, schema } from './schema/table.ts';
export type { AttributeSpec, BlockSpec, EnvValue, Plain, ValueType } from './schema/types.ts';
export { applyEdits } from './syntax/edit.ts';
export { Node, Token } from './syntax/kinds.ts';
export type { Position, Range } from './syntax/lines.ts';
export { cutTemplate, roots as referenceRoots, type TemplatePart } from './syntax/template.ts';
export { printText } from './syntax/text.ts';
export type {
  AttributeNode,
  BlockNode,
  FileNode,
  ItemNode,
  Span,
  Tokens,
  ValueNode,
} from './syntax/tree.ts';
