import type { Secret } from '@polar-gosling/kernel';

/** How the caller proves itself to a private source. Sent to the source's own origin and never after a redirect off it. */
export type SourceAuth =
  /** `Authorization: Bearer …` */
  | { readonly kind: 'bearer'; readonly secret: Secret }
  /** `Authorization: token …` */
  | { readonly kind: 'token'; readonly secret: Secret }
  | { readonly kind: 'header'; readonly name: string; readonly secret: Secret };

/** Where a version comes from; `Auth` is how the caller proves itself: with a secret, or with the name of one. */
export type BinarySourceBy<Auth> =
  /** Releases of a GitHub repository: a list, `SHA256SUMS` with exact names, its detached signature. */
  | {
      readonly kind: 'github';
      readonly repository?: string | undefined;
      readonly auth?: Auth | undefined;
    }
  /** An address of one's own: `{version}`, `{os}`, `{arch}` are filled in; the SHA-256 of that file must be told. */
  | {
      readonly kind: 'other';
      readonly url: string;
      readonly sha256: string;
      readonly auth?: Auth | undefined;
    };

export type BinarySource = BinarySourceBy<SourceAuth>;
