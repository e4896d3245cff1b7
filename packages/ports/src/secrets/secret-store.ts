import type { Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

/** Keeps secret values by reference (`gitlab/{server}/{egg}/api-token`, without the installation's scheme). */
export interface SecretStore {
  /** The value; `undefined` only when there is none. Fails with SECRET_UNREADABLE when the backend did not answer. */
  read(reference: string, options: CallOptions): Promise<Secret | undefined>;
  /** Sets the value. Safe to repeat. */
  write(reference: string, value: Secret, options: CallOptions): Promise<void>;
  /** Sets the value only where there is none, and answers the one in force. Safe to repeat. */
  writeIfAbsent(reference: string, value: Secret, options: CallOptions): Promise<Secret>;
  /** Removes it; missing is fine. */
  remove(reference: string, options: CallOptions): Promise<void>;
  /** References that start with `prefix`, in order; never values. */
  list(prefix: string, options: CallOptions): Promise<readonly string[]>;
}
