import type { Clock } from '@polar-gosling/kernel';
import { type CallOptions, LeaseRow, readRow, type Store, storeErrors } from '@polar-gosling/ports/store';

export interface RotationLease {
  /** Fails with STORE_CONTENDED when another has taken it meanwhile. */
  renew(options: CallOptions): Promise<void>;
  release(options: CallOptions): Promise<void>;
}

const name = 'keyring';
const leaseMs = 120_000;
/**
 * A command is too short to watch whether the lease is renewed, so it goes by the clock: for that long more, since another
 * host's may differ (decision 0002).
 */
const stealMarginMs = 60_000;

/** The right to change the key ring: one process at a time has it. `undefined` while another does. */
export async function takeRotationLease(
  deps: { readonly store: Store; readonly clock: Clock; readonly holder: string },
  options: CallOptions,
): Promise<RotationLease | undefined> {
  const { store, clock, holder } = deps;
  const key = { table: 'leases', partition: name } as const;
  const [found] = await store.get([key], options);
  const held = found === undefined ? undefined : readRow(LeaseRow, 'leases', found);
  const nowMs = clock.now();
  if (held !== undefined && held.holder !== '' && held.expires_at + stealMarginMs > nowMs) return undefined;
  const fence = (held?.fence ?? 0) + 1;
  const row = { name, holder, fence, acquired_at: nowMs, expires_at: nowMs + leaseMs };
  const when =
    held === undefined
      ? ({ kind: 'absent' } as const)
      : ({ kind: 'version', version: held.version } as const);
  const taken = await store.commit([{ kind: 'put', table: 'leases', row, when }], options);
  if (taken.kind === 'conflict') return undefined;
  const mine = { kind: 'lease', fence, holder } as const;
  return {
    async renew(call) {
      const set = { expires_at: clock.now() + leaseMs };
      const renewed = await store.commit([{ kind: 'update', key, set, when: mine }], call);
      if (renewed.kind === 'conflict') throw storeErrors.contended({ what: 'the key ring', attempts: 1 });
    },
    async release(call) {
      await store.commit([{ kind: 'update', key, set: { holder: '' }, when: mine }], call);
    },
  };
}
