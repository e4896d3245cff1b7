import type { CallOptions, WebhookTokenRow } from '@polar-gosling/ports/store';

/** What is known of a webhook token before the body is read. */
export type TokenCheck =
  | { readonly kind: 'known'; readonly tokenSha256: string; readonly grants?: TokenGrants }
  | { readonly kind: 'unknown' };

/** What a token is good for, as it was read. */
export interface TokenGrants {
  readonly rows: readonly WebhookTokenRow[];
  /** On the monotonic clock. */
  readonly readAt: number;
}

export interface WebhookRequest {
  readonly tokenSha256: string;
  /** Those of the check; read again when they are absent, or older than a moment. */
  readonly grants?: TokenGrants;
  /** Header values by lower-case name, one each. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they came. */
  readonly body: Uint8Array;
}

export type WebhookAnswer =
  /** Committed: delivery and wake-up are durable. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate' }
  /** Valid, of no interest to us. */
  | { readonly kind: 'ignored' }
  /** Token of another project, unknown project, or a bad signature. */
  | { readonly kind: 'denied' }
  | { readonly kind: 'bad_json' };

/** The path that decides whether GitLab keeps our hook alive: no network, no OpenTofu, one commit. */
export interface WebhookIngest {
  /** By key, consistently; needs no secret store. */
  checkToken(token: string, options: CallOptions): Promise<TokenCheck>;
  ingest(request: WebhookRequest, options: CallOptions): Promise<WebhookAnswer>;
  /** A body over the limit came with a good token: its projects are swept instead. */
  sweepProjectsOf(tokenSha256: string, options: CallOptions): Promise<void>;
}
