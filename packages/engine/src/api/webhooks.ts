import type { CallOptions } from '@polar-gosling/ports/store';

/** What is known of a webhook token before the body is read. */
export type TokenCheck =
  | { readonly kind: 'known'; readonly tokenSha256: string }
  | { readonly kind: 'unknown' };

export interface WebhookRequest {
  readonly tokenSha256: string;
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
  /** By key, consistently, at most a second old; needs no secret store. */
  checkToken(token: string, options: CallOptions): Promise<TokenCheck>;
  ingest(request: WebhookRequest, options: CallOptions): Promise<WebhookAnswer>;
  /** A body over the limit came with a good token: its projects are swept instead. */
  sweepProjectsOf(tokenSha256: string, options: CallOptions): Promise<void>;
}
