import type { CheckedFile, ParsedFile, Scope } from '@polar-gosling/fly';
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
  readonly checked: CheckedFile;
  /** All files of the Nest, this one included. */
  readonly nest: readonly FlySource[];
  /** Values of the Nest's variables and locals. */
  readonly scope: Scope;
}
