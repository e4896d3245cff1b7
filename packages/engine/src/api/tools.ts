import type { BinarySourceBy } from '@polar-gosling/ports/binaries';
import type { CallOptions, ToolVersionRow } from '@polar-gosling/ports/store';
import type { Caller } from './caller.ts';

/** Programs whose versions are managed: what drives OpenTofu here, and what runs on each runner. */
export type ToolKind = 'tofu' | 'gosling';

/** How a private source is asked: the secret by its reference, read when it is needed. */
export type SourceAuthReference =
  | { readonly kind: 'bearer' | 'token'; readonly secretRef: string }
  | { readonly kind: 'header'; readonly name: string; readonly secretRef: string };

/** A source as a person names it. */
export type SourceReference = BinarySourceBy<SourceAuthReference>;

export interface InstallRequest {
  readonly kind: ToolKind;
  readonly version: string;
  /** This worker's own when not given. */
  readonly platform?: string;
  readonly source: SourceReference;
  /** Use it as soon as it is here. */
  readonly use: boolean;
}

export interface ToolView {
  readonly kind: ToolKind;
  /** Of the workers. */
  readonly platform: string;
  /** What is run now; absent: nothing is here, or this program is not run by the workers. */
  readonly running?: { readonly version: string; readonly source: string; readonly product: string };
  readonly versions: readonly ToolVersionRow[];
}

/** Versions of OpenTofu and of the agent. */
export interface Tools {
  list(options: CallOptions): Promise<readonly ToolView[]>;
  /** Versions that a source offers. Fails with BINARY_DOWNLOAD, BINARY_BAD_REQUEST. */
  available(
    request: { readonly kind: ToolKind; readonly source: SourceReference },
    options: CallOptions,
  ): Promise<readonly string[]>;
  /**
   * A worker fetches it; `list` shows under the answered id how that ended, for 7 days. Safe to repeat. Fails with
   * BINARY_BAD_REQUEST where no worker could ever do it.
   */
  install(caller: Caller, request: InstallRequest, options: CallOptions): Promise<string>;
  /**
   * Every run from now on uses it. `sha256`: first digits, for each platform that the version is here for in several
   * builds. Fails with BINARY_UNKNOWN_VERSION, BINARY_AMBIGUOUS.
   */
  use(
    caller: Caller,
    request: { kind: ToolKind; version: string; sha256?: readonly string[] },
    options: CallOptions,
  ): Promise<void>;
  /** Back to what was in use before, which may be another build of the same version; answers it. Fails with BINARY_NO_ROLLBACK. */
  rollback(caller: Caller, kind: ToolKind, options: CallOptions): Promise<string>;
}
