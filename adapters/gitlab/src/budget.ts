import type { Clock, IdSource } from '@polar-gosling/kernel';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { RateLimit } from './rate-limit.ts';
import type { SharedBudget } from './shared-budget.ts';

/** `demand`: a CI job or a person waits for it. `sweep`: repeated in the background, may slow down. */
export type Urgency = 'demand' | 'sweep';

export interface BudgetOptions {
  /** Requests a minute where the server says nothing of a limit; absent: no limit of our own. */
  readonly perMinute?: number;
  /** Share of the limit that sweeps leave to demand. */
  readonly reserve?: number;
  /** Longest pause put before one sweep call. */
  readonly maxPauseMs?: number;
}

/** Told when we had to wait (`paced`) or GitLab turned us away (`limited`). */
export interface RateLimitEvent {
  readonly kind: 'paced' | 'limited';
  readonly server: string;
  readonly waitMs: number;
}

export interface BudgetKey {
  readonly server: string;
  /** Server and credential, hashed: GitLab counts by user. */
  readonly key: string;
}

/** What GitLab will still take from one credential, guessed from its own headers. */
export interface Budget {
  /** Waits for a turn; fails with GITLAB_RATE_LIMITED, without a packet sent, when the wait is beyond `patienceMs`. */
  take(at: BudgetKey, urgency: Urgency, signal: AbortSignal): Promise<void>;
  observe(at: BudgetKey, seen: RateLimit): void;
  /** Requests a minute that the server last said it takes from one of our credentials: the least of them. */
  perMinute(server: string): number | undefined;
}

interface Window {
  limit: number;
  remaining: number;
  resetAtMs: number;
  blockedUntilMs: number;
}

const minuteMs = 60_000;
const defaultReserve = 0.5;
/** How often a call waits for its share before it is left to the caller. */
const mostTurns = 3;
const defaultMaxPauseMs = 10_000;

export function createBudget(
  deps: {
    clock: Clock;
    ids: IdSource;
    patienceMs: number;
    onRateLimit: ((event: RateLimitEvent) => void) | undefined;
    /** Absent: no other process calls with our credentials. */
    shared?: SharedBudget | undefined;
  } & BudgetOptions,
): Budget {
  const windows = new Map<string, Window>();
  const said = new Map<string, Map<string, number>>();
  const reserve = deps.reserve ?? defaultReserve;
  const maxPauseMs = deps.maxPauseMs ?? defaultMaxPauseMs;

  const windowOf = (key: string): Window => {
    const known = windows.get(key) ?? { ...unknownWindow };
    windows.set(key, known);
    return renewed(known, { nowMs: deps.clock.now(), perMinute: deps.perMinute });
  };
  const limited = (at: BudgetKey, waitMs: number) => {
    deps.onRateLimit?.({ kind: 'limited', server: at.server, waitMs });
    return gitlabErrors.rateLimited({ server: at.server, retryAfterMs: waitMs });
  };
  const wait = async (at: BudgetKey, waitMs: number, signal: AbortSignal) => {
    deps.onRateLimit?.({ kind: 'paced', server: at.server, waitMs });
    await deps.clock.sleep(waitMs, signal);
  };

  /** Other processes may have taken what there was. Without a known limit there is nothing to share. */
  const waitForShare = async (shared: SharedBudget, at: BudgetKey, signal: AbortSignal) => {
    for (let turn = 1; ; turn++) {
      const window = windowOf(at.key);
      if (window.limit === Number.POSITIVE_INFINITY) return;
      const waitMs = await shared.spend(`gitlab ${at.key}`, window, signal);
      if (waitMs === 0) return;
      if (waitMs > deps.patienceMs || turn === mostTurns) throw limited(at, waitMs);
      await wait(at, waitMs, signal);
    }
  };

  return {
    async take(at, urgency, signal) {
      if (deps.shared !== undefined) await waitForShare(deps.shared, at, signal);
      // From here on nothing is waited for until the call is counted: others take at the same time.
      const window = windowOf(at.key);
      const shutMs = shutForMs(window, deps.clock.now());
      if (shutMs > deps.patienceMs) throw limited(at, shutMs);
      const pauseMs = urgency === 'sweep' ? pauseOf(window, reserve, deps.clock.now()) : 0;
      window.remaining -= 1;
      const jitteredMs = Math.min(maxPauseMs, pauseMs * (0.5 + deps.ids.random()));
      const waitMs = Math.round(Math.max(shutMs, jitteredMs));
      if (waitMs > 0) await wait(at, waitMs, signal);
    },
    observe(at, seen) {
      const window = windowOf(at.key);
      const nowMs = deps.clock.now();
      if (seen.retryAfterMs !== undefined) window.blockedUntilMs = nowMs + seen.retryAfterMs;
      if (seen.limit === undefined || seen.remaining === undefined) return;
      noteSaid(said, at, seen.limit);
      window.limit = seen.limit;
      window.remaining = seen.remaining;
      window.resetAtMs = seen.resetAtMs ?? nowMs + minuteMs;
    },
    perMinute(server) {
      const limits = [...(said.get(server)?.values() ?? [])];
      return limits.length === 0 ? undefined : Math.min(...limits);
    },
  };
}

function noteSaid(said: Map<string, Map<string, number>>, at: BudgetKey, limit: number): void {
  const ofServer = said.get(at.server) ?? new Map<string, number>();
  said.set(at.server, ofServer.set(at.key, limit));
}

const unknownWindow: Window = {
  limit: Number.POSITIVE_INFINITY,
  remaining: Number.POSITIVE_INFINITY,
  resetAtMs: Number.POSITIVE_INFINITY,
  blockedUntilMs: 0,
};

/** A window that has ended starts full again; without a word from the server, our own limit opens one. */
function renewed(window: Window, at: { nowMs: number; perMinute: number | undefined }): Window {
  const isUnknown = window.limit === Number.POSITIVE_INFINITY;
  if (isUnknown && at.perMinute !== undefined) {
    window.limit = at.perMinute;
    window.remaining = at.perMinute;
    window.resetAtMs = at.nowMs + minuteMs;
  } else if (at.nowMs >= window.resetAtMs) {
    window.remaining = window.limit;
    window.resetAtMs = at.nowMs + minuteMs;
  }
  return window;
}

/** Nobody may call before this time has passed. */
function shutForMs(window: Window, nowMs: number): number {
  const untilResetMs = window.remaining <= 0 ? window.resetAtMs - nowMs : 0;
  return Math.max(0, untilResetMs, window.blockedUntilMs - nowMs);
}

/** Spreads what sweeps may still use over the rest of the window, once they have used their share. */
function pauseOf(window: Window, reserve: number, nowMs: number): number {
  if (window.limit === Number.POSITIVE_INFINITY || window.remaining > window.limit * reserve) return 0;
  return Math.max(0, window.resetAtMs - nowMs) / Math.max(1, window.remaining);
}
