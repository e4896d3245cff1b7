import { queueName } from '@polar-gosling/ports/queue';
import type { CallOptions, EggStateRow, Row, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { backoffOf } from './backoff.ts';
import type { Observed } from './observe.ts';

const nearSlotMs = 1_000;
const farSlotMs = 10_000;
const farMs = 20_000;

/**
 * Ends a pass: the Egg is clean up to the generation that was seen, boots that failed make it back off, and one
 * wake-up is set for the next deadline.
 */
export async function settleEgg(
  deps: InternalDeps,
  at: { seen: Observed; lease: Lease; lookAgainAt: number | undefined; trace: string },
  options: CallOptions,
): Promise<void> {
  const { seen } = at;
  if (at.lookAgainAt !== undefined) {
    await deps.store.commit([lookAgainWrite(seen.egg.name, { ...at, at: at.lookAgainAt }, deps)], options);
  }
  await commitDecision(deps.store, `the state of ${seen.egg.name}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: seen.egg.name };
      const state = await getRow(deps.store, { ...typed.eggState, key }, options);
      if (state === undefined) return { unit: undefined, result: undefined };
      const when = { kind: 'version', version: state.version } as const;
      const write: Write = {
        kind: 'update',
        key: { table: 'egg_state', ...key },
        set: settled(seen, state),
        when,
      };
      return { unit: [at.lease.check(), write], result: undefined };
    },
  });
}

/** Who made it dirty meanwhile has a message on its way: then it stays so. */
function settled(seen: Observed, state: EggStateRow): Row {
  const generation = seen.state?.dirty_generation ?? 0;
  return {
    done_generation: generation,
    ...(state.dirty_generation === generation ? { dirty: undefined } : {}),
    ...backoffOf({ ...seen, state }, seen.facts.now),
  };
}

/**
 * One wake-up per Egg and time slot, so that they never pile up. A slot lies at least a second ahead: a wake-up that is
 * being worked on right now is another row.
 */
function lookAgainWrite(egg: string, at: { at: number; trace: string }, deps: InternalDeps): Write {
  const now = deps.clock.now();
  const slotMs = at.at - now > farMs ? farSlotMs : nearSlotMs;
  const dueAt = Math.max(Math.ceil(at.at / slotMs), Math.floor(now / slotMs) + 2) * slotMs;
  return {
    kind: 'put',
    table: 'outbox',
    row: {
      id: `look-again ${egg} ${dueAt}`,
      queue: queueName,
      message: { v: 1, kind: 'reconcile', key: egg, trace: at.trace },
      merge_key: `reconcile ${egg}`,
      unsent: queueName,
      visible_at: dueAt,
      receives: 0,
      sent_at: now,
    },
    when: { kind: 'absent' },
  };
}
