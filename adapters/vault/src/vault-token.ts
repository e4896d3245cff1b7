import { type Clock, createSharedCall, type Masker, Secret, type SharedCall } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { LoginAnswer, LookupAnswer } from './schema.ts';
import type { Exchange, VaultCall, VaultLogin } from './vault-calls.ts';

export interface VaultToken {
  /** Logs in when needed, and renews a token in the last third of its life. */
  current(call: VaultCall): Promise<Secret>;
  /** A token in the place of one that was refused; `undefined` where there is no other. */
  after(refused: Secret, call: VaultCall): Promise<Secret | undefined>;
}

interface Held {
  readonly token: Secret;
  /** On the monotonic clock; absent when it lives for ever or cannot be renewed. */
  readonly renewAt?: number;
}

interface Deps {
  readonly login: VaultLogin;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly masker: Masker;
}

const renewAfter = 2 / 3;

export function createVaultToken(deps: Deps): VaultToken {
  let held: Held | undefined;
  let running: SharedCall<Held> | undefined;

  /**
   * One login or renewal at a time; its failure is told to all who wait and tried again by the next. Who gives up ends
   * it for nobody else.
   */
  const once = (call: VaultCall, action: (call: VaultCall) => Promise<Held>): Promise<Held> => {
    if (running === undefined || running.isAbandoned()) {
      const shared = createSharedCall(async (signal) => {
        try {
          held = await action({ ...call, signal });
          return held;
        } finally {
          if (running === shared) running = undefined;
        }
      });
      running = shared;
    }
    return running.join(call.signal);
  };

  return {
    async current(call) {
      const now = held;
      if (now === undefined) return (await once(call, (shared) => logIn(deps, shared))).token;
      if (now.renewAt === undefined || deps.clock.monotonic() < now.renewAt) return now.token;
      return (await once(call, (shared) => renew(deps, now.token, shared))).token;
    },
    async after(refused, call) {
      if (held !== undefined && held.token !== refused) return held.token;
      if (deps.login.kind === 'token') return undefined;
      return (await once(call, (shared) => logIn(deps, shared))).token;
    },
  };
}

async function logIn(deps: Deps, call: VaultCall): Promise<Held> {
  const { login } = deps;
  if (login.kind === 'token') return lookUp(deps, login.token, call);
  deps.masker.add(login.secretId);
  const body = { role_id: login.roleId, secret_id: login.secretId.reveal() };
  const path = `auth/${login.mount ?? 'approle'}/login`;
  const answer = await deps.exchange({ method: 'POST', path, body, token: 'none' }, undefined, call);
  if (answer.status === 200) return hold(deps, LoginAnswer.safeParse(answer.body).data, call);
  const reason = `the AppRole login was refused (${answer.status})`;
  throw secretErrors.denied({ role: call.role, backend: 'Vault', reason });
}

/** How long a token that was given to us lives. One that may not even ask is used as it is. */
async function lookUp(deps: Deps, token: Secret, call: VaultCall): Promise<Held> {
  deps.masker.add(token);
  const answer = await deps.exchange({ method: 'GET', path: 'auth/token/lookup-self' }, token, call);
  const parsed = answer.status === 200 ? LookupAnswer.safeParse(answer.body).data : undefined;
  return { token, ...renewalOf(deps, parsed && { ...parsed.data, lease_duration: parsed.data.ttl }) };
}

async function renew(deps: Deps, token: Secret, call: VaultCall): Promise<Held> {
  const answer = await deps.exchange(
    { method: 'POST', path: 'auth/token/renew-self', body: {} },
    token,
    call,
  );
  const parsed = answer.status === 200 ? LoginAnswer.safeParse(answer.body).data : undefined;
  if (parsed !== undefined && parsed.auth.lease_duration > 0) return hold(deps, parsed, call);
  // Its longest life is over: log in anew. A token that was given to us is used until it is refused.
  return deps.login.kind === 'approle' ? logIn(deps, call) : { token };
}

function hold(deps: Deps, answer: LoginAnswer | undefined, call: VaultCall): Held {
  if (answer === undefined) {
    throw secretErrors[call.op]({ role: call.role, reason: 'Vault answered a login with something else' });
  }
  const token = new Secret(answer.auth.client_token);
  deps.masker.add(token);
  return { token, ...renewalOf(deps, answer.auth) };
}

function renewalOf(
  deps: Deps,
  lease: { lease_duration: number; renewable: boolean } | undefined,
): { renewAt?: number } {
  if (lease === undefined || lease.lease_duration <= 0) return {};
  const canRenew = lease.renewable || deps.login.kind === 'approle';
  return canRenew ? { renewAt: deps.clock.monotonic() + lease.lease_duration * 1_000 * renewAfter } : {};
}
