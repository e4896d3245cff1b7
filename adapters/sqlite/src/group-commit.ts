import type { Clock, Logger } from '@polar-gosling/kernel';
import { type CommitResult, type ReadOnly, storeErrors, type Unit } from '@polar-gosling/ports/store';
import { createWriteGate } from '@polar-gosling/ports/store/adapter';
import type { UnitOutcome } from './writer.ts';
import type { WriterPort } from './writer-port.ts';

/** Collects units while a group is being written; the next group takes all that came meanwhile. */
export interface GroupCommit {
  /** Leaves on the signal while it waits; STORE_UNAVAILABLE when too many wait. */
  commit(unit: Unit, signal: AbortSignal): Promise<CommitResult>;
  readOnly(): ReadOnly | undefined;
  /** Refuses what comes from now on; resolves when everything before is answered. */
  drain(): Promise<void>;
}

interface Pending {
  readonly unit: Unit;
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

const maxGroup = 512;
/** More than the writer does in seconds: who comes then hears at once that the store is behind. */
export const maxPending = 8 * maxGroup;
/** A group belongs to many callers: none of them can call it off. */
const never = new AbortController().signal;

export function createGroupCommit(deps: { writer: WriterPort; clock: Clock; logger: Logger }): GroupCommit {
  const gate = createWriteGate(deps);
  const pending = new Set<Pending>();
  let pumping: Promise<void> | undefined;
  let isClosed = false;

  const write = async (group: readonly Pending[]): Promise<void> => {
    const units = group.map(({ unit }) => unit);
    try {
      const outcomes = await gate.run(() => deps.writer.commitGroup(units, deps.clock.now()), never);
      for (const [place, waiting] of group.entries()) settle(waiting, outcomes[place]);
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
    }
  };

  const pump = async (): Promise<void> => {
    // One turn of the loop, so that what is committed together goes together.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    while (pending.size > 0) {
      const group = [...pending].slice(0, maxGroup);
      for (const waiting of group) pending.delete(waiting);
      await write(group);
    }
    pumping = undefined;
  };

  return {
    readOnly: () => gate.readOnly(),
    commit(unit, signal) {
      if (isClosed) return Promise.reject(storeErrors.unavailable({ op: 'commit on a closed store' }));
      if (signal.aborted) return Promise.reject(signal.reason);
      if (pending.size >= maxPending)
        return Promise.reject(storeErrors.unavailable({ op: 'commit: too many wait for the disk' }));
      const { promise, resolve, reject } = Promise.withResolvers<CommitResult>();
      const waiting = { unit, resolve, reject };
      // What the writer has is written or not, whatever its caller wants by now.
      const leave = () => {
        if (pending.delete(waiting)) reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      pending.add(waiting);
      pumping ??= pump();
      return promise.finally(() => signal.removeEventListener('abort', leave));
    },
    async drain() {
      isClosed = true;
      await pumping;
    },
  };
}

function settle(waiting: Pending, outcome: UnitOutcome | undefined): void {
  if (outcome === undefined) waiting.reject(storeErrors.unavailable({ op: 'commit' }));
  else if (outcome.kind === 'refused') waiting.reject(refusedUnit(outcome));
  else waiting.resolve(outcome);
}

function refusedUnit({ code, params }: Extract<UnitOutcome, { kind: 'refused' }>): unknown {
  return code === 'STORE_ITEM_TOO_BIG'
    ? storeErrors.itemTooBig({ key: String(params['key']), bytes: Number(params['bytes']) })
    : storeErrors.badUnit({ reason: String(params['reason']) });
}
