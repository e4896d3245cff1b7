import { type Clock, type Logger, withinTime } from '@polar-gosling/kernel';
import { type CallOptions, type Store, storeErrors, type Unit, type Write } from '@polar-gosling/ports/store';
import { leaseErrors } from '../errors.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

export const leaseTtlMs = 30_000;
const renewEveryMs = 10_000;
const giveUpAfterMs = 20_000;
/** A store that hangs must not keep the holder from giving up. */
const renewWithinMs = 5_000;
const renewAgainMs = 2_000;
const stealMarginMs = 5_000;
const lookAgainMs = 100;

export interface LeaseDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: { readonly holder: string };
  /** Is this holder proved to be dead (its process is gone on this host and boot)? */
  readonly isHolderGone?: (holder: string) => boolean;
}

export interface Lease {
  readonly name: string;
  readonly fence: number;
  /** The run an earlier holder left: to be settled first. */
  readonly leftRunId: string | undefined;
  /** Aborted when the lease is lost or could not be renewed for 20 s. */
  readonly signal: AbortSignal;
  /** The write that makes a unit hold only while the lease is mine. */
  check(): Write;
  /** Like `check`, and notes the run in flight (or that there is none) on the lease. */
  noteRun(runId: string | undefined): Write;
}

/**
 * Runs `action` under the lease `name`, renewing it all the while; `busy` when somebody else holds it.
 * A lease of another holder is taken only after its process is proved gone, or after its fence was watched unrenewed for
 * TTL + 5 s of monotonic time (the watch is kept between calls in `watch`).
 */
export async function withLease<Result>(
  deps: LeaseDeps,
  at: { name: string; watch: LeaseWatch; signal: AbortSignal },
  action: (lease: Lease) => Promise<Result>,
): Promise<{ kind: 'done'; result: Result } | { kind: 'busy' }> {
  const taken = await take(deps, at);
  if (taken === undefined) return { kind: 'busy' };

  const ended = new AbortController();
  const lease = makeLease(deps, {
    name: at.name,
    ...taken,
    signal: AbortSignal.any([at.signal, ended.signal]),
  });
  const stopped = new AbortController();
  const renewing = keepRenewed(deps, { lease, ended, stopped: stopped.signal });
  try {
    return { kind: 'done', result: await action(lease) };
  } finally {
    stopped.abort();
    await renewing;
    await release(deps, lease);
  }
}

/** As `withLease`, for a caller who would rather wait a moment than come again; `busy` after `patienceMs`. */
export async function withLeaseSoon<Result>(
  deps: LeaseDeps,
  at: { name: string; watch: LeaseWatch; signal: AbortSignal; patienceMs: number },
  action: (lease: Lease) => Promise<Result>,
): Promise<{ kind: 'done'; result: Result } | { kind: 'busy' }> {
  const endsAt = deps.clock.monotonic() + at.patienceMs;
  for (;;) {
    const outcome = await withLease(deps, at, action);
    if (outcome.kind === 'done' || deps.clock.monotonic() >= endsAt) return outcome;
    await deps.clock.sleep(lookAgainMs, at.signal);
  }
}

const eggPatienceMs = 5_000;

/** Under the lease that an Egg, or a set, is planned under, for whoever waits for the answer. Fails with STORE_CONTENDED. */
export async function withEggLease<Result>(
  deps: LeaseDeps & { readonly watch: LeaseWatch },
  at: { egg: string; what: string; signal: AbortSignal },
  action: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  const { egg, what, signal } = at;
  const leased = { name: `egg/${egg}`, watch: deps.watch, signal, patienceMs: eggPatienceMs };
  const outcome = await withLeaseSoon(deps, leased, action);
  if (outcome.kind === 'busy') throw storeErrors.contended({ what, attempts: 1 });
  return outcome.result;
}

/** What this process has seen of leases it could not take. */
export type LeaseWatch = Map<string, { version: number; since: number }>;

async function take(
  deps: LeaseDeps,
  at: { name: string; watch: LeaseWatch; signal: AbortSignal },
): Promise<{ fence: number; leftRunId: string | undefined } | undefined> {
  const key = { table: 'leases', partition: at.name } as const;
  const now = deps.clock.now();
  const row = await getRow(deps.store, { ...typed.leases, key: { partition: at.name } }, at);
  if (row && row.holder !== '' && !mayTake(deps, at, row)) return undefined;

  const fence = (row?.fence ?? 0) + 1;
  const mine = { holder: deps.settings.holder, fence, expires_at: now + leaseTtlMs, acquired_at: now };
  const write: Write = row
    ? { kind: 'update', key, set: mine, when: { kind: 'version', version: row.version } }
    : { kind: 'put', table: 'leases', row: { name: at.name, ...mine }, when: { kind: 'absent' } };
  const outcome = await deps.store.commit([write], at);
  if (outcome.kind === 'conflict') return undefined;
  at.watch.delete(at.name);
  return { fence, leftRunId: row?.run_id };
}

function mayTake(
  deps: LeaseDeps,
  at: { name: string; watch: LeaseWatch },
  row: { holder: string; version: number },
): boolean {
  if (row.holder !== deps.settings.holder && deps.isHolderGone?.(row.holder)) return true;
  const seen = at.watch.get(at.name);
  const nowMonotonic = deps.clock.monotonic();
  if (seen === undefined || seen.version !== row.version) {
    at.watch.set(at.name, { version: row.version, since: nowMonotonic });
    return false;
  }
  return nowMonotonic - seen.since >= leaseTtlMs + stealMarginMs;
}

function makeLease(
  deps: LeaseDeps,
  made: { name: string; fence: number; leftRunId: string | undefined; signal: AbortSignal },
): Lease {
  const key = { table: 'leases', partition: made.name } as const;
  const when = { kind: 'lease', fence: made.fence, holder: deps.settings.holder } as const;
  return {
    ...made,
    check: () => ({ kind: 'check', key, when }),
    noteRun: (runId) => ({ kind: 'update', key, set: { run_id: runId }, when }),
  };
}

/** Renews every 10 s, sooner when that failed; aborts the lease's signal when it is lost or not renewed for 20 s. */
async function keepRenewed(
  deps: LeaseDeps,
  at: { lease: Lease; ended: AbortController; stopped: AbortSignal },
): Promise<void> {
  const { clock } = deps;
  let endsAt = clock.monotonic() + giveUpAfterMs;
  let pauseMs = renewEveryMs;
  const leftMs = () => Math.max(0, endsAt - clock.monotonic());
  while (!at.stopped.aborted && !at.ended.signal.aborted) {
    try {
      await clock.sleep(Math.min(pauseMs, leftMs()), at.stopped);
    } catch {
      return;
    }
    const askedAt = clock.monotonic();
    const timeoutMs = Math.min(renewWithinMs, leftMs());
    const outcome = timeoutMs === 0 ? 'lost' : await renewOnce(deps, { ...at, timeoutMs });
    if (outcome === 'ok') endsAt = askedAt + giveUpAfterMs;
    if (outcome === 'lost' || leftMs() === 0) at.ended.abort(leaseErrors.lost({ name: at.lease.name }));
    pauseMs = outcome === 'ok' ? renewEveryMs : renewAgainMs;
  }
}

async function renewOnce(
  deps: LeaseDeps,
  { lease, stopped, timeoutMs }: { lease: Lease; stopped: AbortSignal; timeoutMs: number },
): Promise<'ok' | 'lost' | 'unknown'> {
  const key = { table: 'leases', partition: lease.name } as const;
  const when = { kind: 'lease', fence: lease.fence, holder: deps.settings.holder } as const;
  const limit = { clock: deps.clock, timeoutMs, what: 'renewing a lease', signal: stopped };
  try {
    const set = { expires_at: deps.clock.now() + leaseTtlMs };
    const outcome = await withinTime(limit, (signal) =>
      deps.store.commit([{ kind: 'update', key, set, when }], { signal }),
    );
    return outcome.kind === 'ok' ? 'ok' : 'lost';
  } catch (error) {
    if (stopped.aborted) return 'ok';
    deps.log.warn('a lease could not be renewed', { key: lease.name, error });
    return 'unknown';
  }
}

/** Gives it back; the row stays, so that its fence never goes back. */
async function release(deps: LeaseDeps, lease: Lease): Promise<void> {
  const key = { table: 'leases', partition: lease.name } as const;
  const when = { kind: 'lease', fence: lease.fence, holder: deps.settings.holder } as const;
  const limit = { clock: deps.clock, timeoutMs: giveUpAfterMs, what: 'giving a lease back' };
  try {
    // Not ended by what ended the work.
    await withinTime({ ...limit, signal: new AbortController().signal }, (signal) =>
      deps.store.commit([{ kind: 'update', key, set: { holder: '' }, when }], { signal }),
    );
  } catch (error) {
    deps.log.warn('a lease could not be given back; it runs out by itself', { key: lease.name, error });
  }
}

/** Commits what holds only while the lease is mine; fails with LEASE_LOST when it is not any more. */
export async function commitUnderLease(
  deps: { readonly store: Store },
  at: { readonly lease: Lease; readonly unit: Unit; readonly what: string },
  options: CallOptions,
): Promise<void> {
  const outcome = await deps.store.commit([at.lease.check(), ...at.unit], options);
  if (outcome.kind === 'conflict' && outcome.item === 0) throw leaseErrors.lost({ name: at.lease.name });
  requireOk(outcome, at.what);
}

/** Throws unless `outcome` is ok: somebody else holds the lease, or another writer came between. */
export function requireOk(outcome: { kind: 'ok' } | { kind: 'conflict'; item: number }, what: string): void {
  if (outcome.kind === 'conflict') throw storeErrors.contended({ what, attempts: 1 });
}
