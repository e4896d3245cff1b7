import type { Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export interface SecretCall extends CallOptions {
  /** What the secret is for, in errors; told by the layout when not given. */
  readonly role?: string;
}

/**
 * Keeps secret values by reference: one of the installation's layout (`gitlab/{server}/{egg}/api-token`, without a
 * scheme), or the URI of a place of the user's own (`vault://kv/app/token`).
 */
export interface SecretStore {
  /**
   * The value; `undefined` only when there is none. Fails with SECRET_UNREADABLE when the backend did not answer, with
   * SECRET_DENIED when it refused.
   */
  read(reference: string, options: SecretCall): Promise<Secret | undefined>;
  /** Sets the value. Safe to repeat. */
  write(reference: string, value: Secret, options: SecretCall): Promise<void>;
  /** Sets the value only where there is none, and answers the one in force. Safe to repeat. */
  writeIfAbsent(reference: string, value: Secret, options: SecretCall): Promise<Secret>;
  /** Removes it; missing is fine. */
  remove(reference: string, options: SecretCall): Promise<void>;
  /** References of the layout that start with `prefix`, in order; never values. */
  list(prefix: string, options: SecretCall): Promise<readonly string[]>;
}
