import { queueName } from '@polar-gosling/ports/queue';
import type { CallOptions, Row, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import type { Observed } from './observe.ts';

const minuteMs = 60_000;
const longestBackoffMs = 15 * minuteMs;

/**
 * Ends a pass: the Egg is clean up to the generation that was seen, boots that failed make it back off, and one
 * wake-up is set for the next deadline.
 */
export async function settleEgg(
  deps: InternalDeps,
  at: { seen: Observed; lookAgainAt: number | undefined; trace: string },
  options: CallOptions,
): Promise<void> {
  const { seen } = at;
  if (at.lookAgainAt !== undefined) {
    await deps.store.commit([lookAgainWrite(seen.egg.name, { ...at, at: at.lookAgainAt }, deps)], options);
  }
  if (seen.state === undefined) return;
  const set: Row = {
    done_generation: seen.state.dirty_generation,
    dirty: undefined,
    ...backoff(seen, deps.clock.now()),
  };
  // A conflict means that somebody made it dirty meanwhile: then it stays dirty, and their message is on its way.
  await deps.store.commit(
    [
      {
        kind: 'update',
        key: { table: 'egg_state', partition: seen.egg.name },
        set,
        when: { kind: 'version', version: seen.state.version },
      },
    ],
    options,
  );
}

/** After 3 boots in a row that failed: one trial launch at a time, 1 → 15 min apart. A finished job ends it. */
function backoff(seen: Observed, now: number): Row {
  const failures = seen.state?.failures ?? 0;
  const hasWorked = [...seen.agents.values()].some(({ jobs_done }) => jobs_done > 0);
  if (hasWorked && failures > 0) return { failures: 0, backoff_until: undefined };
  if (failures < 3) return {};
  const backedOffFor = Number(seen.state?.backoff_failures ?? 0);
  if (backedOffFor >= failures) return {};
  const waitMs = Math.min(longestBackoffMs, minuteMs * 2 ** (failures - 3));
  return { backoff_until: now + waitMs, backoff_failures: failures };
}

/** One row per Egg, moved forward each time, so that wake-ups never pile up. */
function lookAgainWrite(egg: string, at: { at: number; trace: string }, deps: InternalDeps): Write {
  return {
    kind: 'update',
    key: { table: 'outbox', partition: `look-again ${egg}` },
    set: {
      queue: queueName,
      message: { v: 1, kind: 'reconcile', key: egg, trace: at.trace },
      merge_key: `reconcile ${egg}`,
      unsent: queueName,
      visible_at: at.at,
      lease_token: undefined,
      receives: 0,
      sent_at: deps.clock.now(),
      expires_at: undefined,
    },
    when: { kind: 'any' },
  };
}
