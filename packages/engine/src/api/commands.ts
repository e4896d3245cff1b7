import type { Secret } from '@polar-gosling/kernel';
import type { MessageKind } from '@polar-gosling/ports/queue';
import type { ApiTokenRow, CallOptions } from '@polar-gosling/ports/store';
import type { TofuCacheKind } from '@polar-gosling/ports/tofu';
import type { Caller, Role } from './caller.ts';
import type { RollbackRequest, RollbackView } from './rollback.ts';

/** Everything an operator may cause. Each writes an audit row naming the caller. */
export interface Commands {
  /** Wakes the sync; `confirm`: lets a held commit through. */
  sync(caller: Caller, request: { readonly confirm?: string }, options: CallOptions): Promise<void>;
  /** `missing`: no such Egg (for this caller). */
  launchRunners(
    caller: Caller,
    request: { readonly egg: string; readonly count: number },
    options: CallOptions,
  ): Promise<'ok' | 'missing'>;
  /** Drains, then removes; `force` ends its jobs. */
  removeRunner(
    caller: Caller,
    request: { readonly id: string; readonly force: boolean },
    options: CallOptions,
  ): Promise<'ok' | 'missing'>;
  /** Puts a dead letter back to work. */
  redriveTask(caller: Caller, id: string, options: CallOptions): Promise<'ok' | 'missing'>;
  /** Throws away what is kept for OpenTofu; answers how many things it was. Every host notices with its next run. */
  clearCache(caller: Caller, kind: TofuCacheKind, options: CallOptions): Promise<number>;
  /** Throws a dead letter away. */
  purgeTask(caller: Caller, id: string, options: CallOptions): Promise<'ok' | 'missing'>;
  setFreeze(
    caller: Caller,
    request: { readonly egg?: string; readonly on: boolean; readonly why: string },
    options: CallOptions,
  ): Promise<'ok' | 'missing'>;
  /**
   * Pins the machines of an earlier deployment, or lifts the pin. Fails with ROLLBACK_NOTHING, ROLLBACK_NOT_PINNED or
   * ROLLBACK_UNKNOWN_TARGET.
   */
  rollback(caller: Caller, request: RollbackRequest, options: CallOptions): Promise<RollbackView | 'missing'>;
}

/** Tokens of the API. */
export interface ApiTokens {
  /** Who this token is; `undefined`: nobody (unknown, expired or revoked). */
  authenticate(token: string, options: CallOptions): Promise<Caller | undefined>;
  /** The value is shown only here. Fails with TOKEN_NAME_TAKEN. */
  create(
    caller: Caller,
    request: {
      readonly name: string;
      readonly role: Role;
      readonly eggs?: readonly string[];
      readonly expiresAt?: number;
    },
    options: CallOptions,
  ): Promise<{ readonly row: ApiTokenRow; readonly token: Secret }>;
  list(caller: Caller, options: CallOptions): Promise<readonly ApiTokenRow[]>;
  revoke(caller: Caller, id: string, options: CallOptions): Promise<'ok' | 'missing'>;
  /** The CLI's own admin token, made once and kept in the secret store (`api-keys/cli-admin`). Safe to repeat. */
  ensureCliToken(options: CallOptions): Promise<Secret>;
  /** The header value of `/internal/*` (`api-keys/trigger-auth-token`). Safe to repeat. */
  ensureTriggerToken(options: CallOptions): Promise<Secret>;
}

/** What runs by itself. */
export interface Background {
  /** Takes messages until the signal; then finishes or gives back what it has. */
  work(options: CallOptions & { readonly kinds?: readonly MessageKind[] }): Promise<void>;
  /** Everything that is due now; called once a second (embedded) or a minute. */
  tick(options: CallOptions): Promise<void>;
  /** The tick's parts, callable alone. */
  wakeSync(options: CallOptions): Promise<void>;
  wakePrune(options: CallOptions): Promise<void>;
  collect(options: CallOptions): Promise<void>;
}
