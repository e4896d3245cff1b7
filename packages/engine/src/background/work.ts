import { isCoded, toProblem } from '@polar-gosling/kernel';
import type { Delivery, MessageKind } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { bindEgg } from '../bind/bind-egg.ts';
import { bindNest } from '../bind/bind-nest.ts';
import type { InternalDeps } from '../deps.ts';
import { prune } from '../prune/prune.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { runShard } from '../run/run-shard.ts';
import { sweepProject } from '../sweep/sweep-project.ts';
import { syncNest } from '../sync/sync-nest.ts';
import { handleDelivery, nestBinding } from '../webhooks/handle.ts';

const leaseMs = 30_000;
const waitMs = 5_000;
/** A message that fails this often for a reason nobody foresaw is poison. */
const poisonAfter = 5;
const longestDelayMs = 60_000;

/** How a handler ended: done, or to be tried again after `delayMs` (somebody else is at it, or more is to do). */
type Handled = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number };

const done: Handled = { kind: 'done' };
/** Somebody else holds it, or something must end first: asked again, not in a hot loop. */
const soon: Handled = { kind: 'again', delayMs: 1_000 };

type Handler = (
  deps: InternalDeps,
  key: string,
  options: CallOptions & { trace: string },
) => Promise<Handled>;

const handlers: Readonly<Partial<Record<MessageKind, Handler>>> = {
  webhook: async (deps, key, options) => {
    await handleDelivery(deps, key, options);
    return done;
  },
  reconcile: async (deps, key, options) => ((await reconcile(deps, key, options)) === 'busy' ? soon : done),
  run: async (deps, key, options) => {
    const at = key.lastIndexOf('#');
    const outcome = await runShard(
      deps,
      { egg: key.slice(0, at), shard: Number(key.slice(at + 1)) },
      options,
    );
    if (outcome === 'idle') return done;
    return outcome === 'again' ? { kind: 'again', delayMs: 0 } : soon;
  },
  bind: async (deps, key, options) => {
    if (key === nestBinding) {
      await bindNest(deps, options);
      return done;
    }
    return (await bindEgg(deps, key, options)) === 'busy' ? soon : done;
  },
  sweep: async (deps, key, options) => {
    await sweepProject(deps, key, options);
    return done;
  },
  sync: async (deps, _key, options) => ((await syncNest(deps, options)) === 'busy' ? soon : done),
  prune: async (deps, _key, options) => {
    await prune(deps, options);
    return done;
  },
};

export type WorkOptions = CallOptions & { readonly kinds?: readonly MessageKind[] };

/** Takes messages until the signal; slow ones never block the others. On the signal: finish or give back. */
export async function work(deps: InternalDeps, options: WorkOptions): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!options.signal.aborted) {
    const free = deps.settings.concurrency - running.size;
    if (free === 0) {
      await Promise.any([...running]);
      continue;
    }
    for (const delivery of await receive(deps, free, options)) {
      const task = handleOne(deps, delivery, options).finally(() => running.delete(task));
      running.add(task);
    }
  }
  await Promise.allSettled([...running]);
}

async function receive(deps: InternalDeps, max: number, options: WorkOptions): Promise<readonly Delivery[]> {
  const { kinds } = options;
  try {
    return await deps.queue.receive({ max, leaseMs, waitMs, ...(kinds && { kinds }) }, options);
  } catch (error) {
    if (options.signal.aborted) return [];
    deps.log.warn('the queue could not be read', { error });
    await pause(deps, 1_000, options);
    return [];
  }
}

async function pause(deps: InternalDeps, ms: number, options: CallOptions): Promise<void> {
  try {
    await deps.clock.sleep(ms, options.signal);
  } catch {
    // The signal came: the loop sees it.
  }
}

async function handleOne(deps: InternalDeps, delivery: Delivery, options: CallOptions): Promise<void> {
  const { message } = delivery;
  const log = deps.log.with({ traceId: message.trace, kind: message.kind, key: message.key });
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const renewing = keepLeased(deps, { delivery, ended, signal });
  try {
    const handler = handlers[message.kind];
    if (handler === undefined) {
      await deps.queue.bury(delivery, `no handler for ${message.kind}`, closing());
      return;
    }
    const handled = await handler({ ...deps, log }, message.key, { signal, trace: message.trace });
    await conclude(deps, delivery, handled);
    deps.metrics.task(message.kind, 'ok');
  } catch (error) {
    await giveBack(deps, { delivery, error, isStopping: options.signal.aborted });
  } finally {
    ended.abort();
    await renewing;
  }
}

async function conclude(deps: InternalDeps, delivery: Delivery, handled: Handled): Promise<void> {
  if (handled.kind === 'done') await deps.queue.ack(delivery, closing());
  else await deps.queue.nack(delivery, { delayMs: handled.delayMs, reason: 'more to do' }, closing());
}

async function keepLeased(
  deps: InternalDeps,
  at: { delivery: Delivery; ended: AbortController; signal: AbortSignal },
): Promise<void> {
  while (!at.signal.aborted) {
    await pause(deps, leaseMs / 3, { signal: at.signal });
    if (at.signal.aborted) return;
    try {
      const outcome = await deps.queue.extend(at.delivery, leaseMs, { signal: at.signal });
      if (outcome === 'lost') at.ended.abort();
    } catch (error) {
      deps.log.warn('a message could not be held longer', { key: at.delivery.message.key, error });
    }
  }
}

/** Back to the queue, later each time; an error nobody foresaw makes it poison after five times. */
async function giveBack(
  deps: InternalDeps,
  at: { delivery: Delivery; error: unknown; isStopping: boolean },
): Promise<void> {
  const { delivery, error, isStopping } = at;
  const { message, receives } = delivery;
  const reason = toProblem(error).detail;
  try {
    if (isStopping) {
      await deps.queue.nack(delivery, { delayMs: 0, reason: 'stopping' }, closing());
      return;
    }
    // What has a code is for a person or time to mend, and is tried until it is.
    const isForeseen = isCoded(error);
    if (!isForeseen && receives >= poisonAfter) {
      deps.metrics.task(message.kind, 'buried');
      deps.log.error('a task failed for good and was put aside', {
        kind: message.kind,
        key: message.key,
        error,
      });
      await deps.queue.bury(delivery, reason, closing());
      return;
    }
    deps.metrics.task(message.kind, 'retry');
    const delayMs = Math.min(longestDelayMs, 500 * 2 ** Math.min(receives, 10));
    deps.log.warn('a task failed and is tried again', {
      kind: message.kind,
      key: message.key,
      waitedMs: delayMs,
      attempt: receives,
      error,
    });
    await deps.queue.nack(delivery, { delayMs, reason }, closing());
  } catch (failure) {
    deps.log.warn('a message could not be given back; its lease runs out', {
      key: message.key,
      error: failure,
    });
  }
}

function closing(): CallOptions {
  return { signal: AbortSignal.timeout(10_000) };
}
