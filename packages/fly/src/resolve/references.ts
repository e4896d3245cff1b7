import type { Plain } from '../schema/types.ts';

export type Found =
  | { readonly kind: 'value'; readonly value: Plain }
  /** The name at place `at` of the path does not exist; these do. */
  | { readonly kind: 'unknown'; readonly at: number; readonly known: readonly string[] }
  | { readonly kind: 'circle'; readonly path: readonly string[]; readonly isFirst: boolean }
  /** It exists, and has no value while no environment is in force. */
  | { readonly kind: 'unset' }
  /** Not known here: another file may define it, or it has an error of its own. */
  | { readonly kind: 'open' };

/** Answers what a dotted name stands for. */
export interface References {
  lookup(path: readonly string[]): Found;
}
