import type { CompletionItemKind } from 'vscode-languageserver';

/** One thing that may stand at the cursor; the order of a list is the order shown. */
export interface Choice {
  readonly label: string;
  readonly kind: CompletionItemKind;
  readonly detail?: string;
  readonly doc?: string;
  /** What is written; absent: the label. */
  readonly text?: string;
  /** The same with places to fill, for editors that have them. */
  readonly snippet?: string;
}
