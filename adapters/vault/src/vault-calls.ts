import type { Secret } from '@polar-gosling/kernel';

export type VaultLogin =
  | { readonly kind: 'token'; readonly token: Secret }
  | {
      readonly kind: 'approle';
      readonly roleId: string;
      readonly secretId: Secret;
      /** Path of the auth method; `approle` when not given. */
      readonly mount?: string;
    };

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`; of checked parts only. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** `none`: Vault tells it without a token. */
  readonly token?: 'none';
}

export interface VaultCall {
  readonly signal: AbortSignal;
  readonly role: string;
  readonly op: 'unreadable' | 'unwritable';
}

export interface VaultAnswer {
  readonly status: number;
  /** Parsed; `undefined` when there was none. */
  readonly body: unknown;
  readonly date: string | undefined;
}

export type Exchange = (
  request: VaultRequest,
  token: Secret | undefined,
  call: VaultCall,
) => Promise<VaultAnswer>;
