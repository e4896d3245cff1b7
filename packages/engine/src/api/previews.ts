import type { ConfigChange, Replacement } from '@polar-gosling/domain';
import type { Diagnostic, NestFile } from '@polar-gosling/nest';
import type { CallOptions } from '@polar-gosling/ports/store';

/** A Nest that is not in force: a working tree, or the files of a commit. */
export interface PreviewRequest {
  readonly files: readonly NestFile[];
  /** The commit they are of, whole: tells whether it rewinds the branch, and whether it was confirmed. */
  readonly commit?: string;
}

export interface PreviewEgg {
  readonly name: string;
  readonly file: string;
  /** `invalid`: its file has errors, what is in force stays. */
  readonly change: 'new' | 'changed' | 'removed' | 'invalid';
  /** Value by value, against what is in force. */
  readonly changes: readonly ConfigChange[];
  /** Its machines change: runners are replaced. */
  readonly isReplaced: boolean;
  /** A pin ends with it. */
  readonly endsPin: boolean;
  /** Runners that are launched at once: warm ones, and what waiting jobs and replaced runners need. */
  readonly launches: number;
  /** What becomes of the runners that live now; of a removed Egg they are not made anew. */
  readonly runners: Replacement;
}

/** What the sync of these files would do. */
export interface PreviewView {
  /** The commit in force. */
  readonly against?: string;
  /** `held`: it would wait for `gosling sync --confirm`; `partial`: files with errors change nothing. */
  readonly status: 'success' | 'partial' | 'held';
  readonly held: readonly { readonly rule: string; readonly why: string }[];
  /** Those that change. */
  readonly eggs: readonly PreviewEgg[];
  readonly unchanged: number;
  readonly changesPolicies: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Previews {
  /** Reads the files as a sync does, compares them with what is in force, and writes nothing. */
  preview(request: PreviewRequest, options: CallOptions): Promise<PreviewView>;
}
