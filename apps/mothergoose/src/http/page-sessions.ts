import { type Clock, type IdSource, type Secret, sha256Hex } from '@polar-gosling/kernel';

const codeBytes = 32;
const codeMs = 10 * 60_000;
const sessionMs = 12 * 3_600_000;
/** Of codes and of sessions: the oldest make room. */
const mostKept = 1_000;

/**
 * Who may see the status page in a browser: a one-time code is traded for a session, and both stand for the API token
 * that asked for the code, which is checked anew at each look. Kept in this process: after a restart a new link is needed.
 */
export interface PageSessions {
  /** Path of a link that works once, for ten minutes. */
  createLink(token: Secret): { readonly path: string; readonly expiresAt: number };
  /** `undefined`: the code is unknown, used or too old. */
  redeem(code: string): { readonly session: string; readonly maxAgeS: number } | undefined;
  tokenOf(session: string): Secret | undefined;
}

interface Entry {
  readonly token: Secret;
  readonly expiresAt: number;
}

export const loginPath = '/login';

export function createPageSessions(deps: { readonly clock: Clock; readonly ids: IdSource }): PageSessions {
  const codes = new Map<string, Entry>();
  const sessions = new Map<string, Entry>();

  function keep(entries: Map<string, Entry>, token: Secret, lastsMs: number) {
    const value = deps.ids.token(codeBytes);
    const expiresAt = deps.clock.now() + lastsMs;
    const [oldest] = entries.keys();
    if (entries.size >= mostKept && oldest !== undefined) entries.delete(oldest);
    entries.set(sha256Hex(value), { token, expiresAt });
    return { value, expiresAt };
  }

  function find(entries: Map<string, Entry>, value: string): Secret | undefined {
    const key = sha256Hex(value);
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > deps.clock.now()) return entry?.token;
    entries.delete(key);
    return undefined;
  }

  return {
    createLink(token) {
      const { value, expiresAt } = keep(codes, token, codeMs);
      return { path: `${loginPath}?code=${value}`, expiresAt };
    },
    redeem(code) {
      const token = find(codes, code);
      if (token === undefined) return undefined;
      codes.delete(sha256Hex(code));
      return { session: keep(sessions, token, sessionMs).value, maxAgeS: sessionMs / 1000 };
    },
    tokenOf: (session) => find(sessions, session),
  };
}
