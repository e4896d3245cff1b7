import type { Diagnostic, ParsedFile, Scope } from '@polar-gosling/fly';
import type { EffectivePool } from '@polar-gosling/nest';
import type { TextDocument } from 'vscode-languageserver-textdocument';

/** One file as it stands in the editor, or on disk where no editor has it. */
export interface FlySource {
  readonly uri: string;
  readonly document: TextDocument;
  readonly parsed: ParsedFile;
}

/** What every feature is computed from: one file, checked, with the files that know it. */
export interface Snapshot {
  readonly source: FlySource;
  /** Everything that is wrong with it, across the files of its Nest too. */
  readonly diagnostics: readonly Diagnostic[];
  /** All files of the Nest, this one included. */
  readonly nest: readonly FlySource[];
  /** Values of the Nest's variables and locals. */
  readonly scope: Scope;
  /** The values of an Egg or EggsBucket without an environment and with each; nothing for one with errors. */
  explain(name: string): readonly EffectivePool[];
}
