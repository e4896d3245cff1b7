import { isCoded, toProblem, withinTime } from '@polar-gosling/kernel';
import type { DeadLetter, Delivery } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { type Handled, handlers } from './handlers.ts';

export const leaseMs = 30_000;
/** A queue that hangs must not keep a worker from stopping when its lease is over. */
const extendWithinMs = 5_000;
/** A message that fails this often for a reason nobody foresaw, or that nothing mends, is poison. */
const poisonAfter = 5;
/** So many holders in a row that gave no answer: the message kills them, or hangs them. */
const unansweredAtMost = 10;
const deadLettersRead = 1_000;
const longestDelayMs = 60_000;
/**
 * A handler that does not end on its signal is left behind after this, longer than OpenTofu gets to stop in peace; its
 * message goes to another.
 */
const stopWithinMs = 45_000;

type Outcome =
  | { readonly kind: 'handled'; readonly handled: Handled }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The lease is somebody else's, or its end was reached without a word from the queue. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'left behind' };

/** Does what one message asks for and tells the queue what became of it. Never throws. */
export async function handleDelivery(
  deps: InternalDeps,
  delivery: Delivery,
  options: CallOptions,
): Promise<void> {
  const { kind, key, trace } = delivery.message;
  const log = deps.log.with({ traceId: trace, kind, key });
  const inner = { ...deps, log };
  try {
    if (options.signal.aborted) {
      await deps.queue.nack(delivery, { delayMs: 0, reason: 'stopping' }, closing());
    } else if (delivery.unanswered >= unansweredAtMost) {
      const reason = `${delivery.unanswered} workers in a row died or hung while they had it`;
      await putAside(inner, { delivery, reason });
    } else {
      await conclude(inner, { delivery, options, outcome: await perform(inner, delivery, options) });
    }
  } catch (error) {
    log.warn('a message could not be given back; its lease runs out', { error });
  }
}

async function perform(deps: InternalDeps, delivery: Delivery, options: CallOptions): Promise<Outcome> {
  const { kind, key, trace } = delivery.message;
  const handler = handlers[kind];
  const ended = new AbortController();
  const lost = new AbortController();
  const signal = AbortSignal.any([options.signal, lost.signal]);
  const renewing = keepLeased(deps, { delivery, lost, ended: ended.signal });
  const handling = async (): Promise<Outcome> => {
    try {
      const handled: Handled =
        handler === undefined
          ? { kind: 'unknown', reason: `no handler for ${kind}` }
          : await handler(deps, key, { signal, trace });
      return { kind: 'handled', handled };
    } catch (error) {
      return lost.signal.aborted ? { kind: 'lost' } : { kind: 'failed', error };
    }
  };
  try {
    return await Promise.any([handling(), leftBehind(deps, { signal, ended: ended.signal })]);
  } finally {
    ended.abort();
    await renewing;
  }
}

/** When the time to stop is over; never before, and not at all when the handler ended. */
async function leftBehind(
  deps: InternalDeps,
  at: { signal: AbortSignal; ended: AbortSignal },
): Promise<Outcome> {
  await aborted(AbortSignal.any([at.signal, at.ended]));
  await deps.clock.sleep(stopWithinMs, at.ended).catch(() => undefined);
  return { kind: 'left behind' };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Renews the lease until the end; a lease that may be another's aborts the work. */
async function keepLeased(
  deps: InternalDeps,
  at: { delivery: Delivery; lost: AbortController; ended: AbortSignal },
): Promise<void> {
  const { clock } = deps;
  let endsAt = clock.monotonic() + leaseMs;
  const leftMs = () => Math.max(0, endsAt - clock.monotonic());
  while (!at.ended.aborted && !at.lost.signal.aborted) {
    await clock.sleep(Math.min(leaseMs / 3, leftMs()), at.ended).catch(() => undefined);
    if (at.ended.aborted) return;
    const askedAt = clock.monotonic();
    const timeoutMs = Math.min(extendWithinMs, leftMs());
    try {
      const limit = { clock, timeoutMs, what: 'holding a message longer', signal: at.ended };
      const outcome = await withinTime(limit, (signal) =>
        deps.queue.extend(at.delivery, leaseMs, { signal }),
      );
      if (outcome === 'lost') at.lost.abort();
      endsAt = askedAt + leaseMs;
    } catch (error) {
      if (at.ended.aborted) return;
      deps.log.warn('a message could not be held longer', { error });
      if (leftMs() === 0) at.lost.abort();
    }
  }
}

async function conclude(
  deps: InternalDeps,
  at: { delivery: Delivery; options: CallOptions; outcome: Outcome },
): Promise<void> {
  const { delivery, outcome } = at;
  const isStopping = at.options.signal.aborted;
  switch (outcome.kind) {
    case 'handled':
      await answer(deps, delivery, outcome.handled);
      return;
    case 'lost':
      deps.log.warn('a message was lost to another worker; its work was stopped');
      return;
    case 'left behind':
      deps.log.error('a task did not stop in time; its message is given back');
      await deps.queue.nack(delivery, { delayMs: 0, reason: 'stopping' }, closing());
      return;
    case 'failed':
      if (isStopping) await deps.queue.nack(delivery, { delayMs: 0, reason: 'stopping' }, closing());
      else await tryAgain(deps, delivery, outcome.error);
  }
}

async function answer(deps: InternalDeps, delivery: Delivery, handled: Handled): Promise<void> {
  const { kind } = delivery.message;
  if (handled.kind === 'unknown') {
    await putAside(deps, { delivery, reason: handled.reason });
    return;
  }
  if (handled.kind === 'done') await deps.queue.ack(delivery, closing());
  else await deps.queue.nack(delivery, { delayMs: handled.delayMs, reason: 'more to do' }, closing());
  deps.metrics.task(kind, 'ok');
}

/** Later each time. What time or a person mends (each code says so) is tried until it is mended. */
async function tryAgain(deps: InternalDeps, delivery: Delivery, error: unknown): Promise<void> {
  const reason = toProblem(error).detail;
  const isFailure = !isCoded(error) || error.isPoison;
  if (isFailure && delivery.failures + 1 >= poisonAfter) {
    await putAside(deps, { delivery, reason, error });
    return;
  }
  const { receives } = delivery;
  const delayMs = Math.min(longestDelayMs, 500 * 2 ** Math.min(receives, 10));
  deps.metrics.task(delivery.message.kind, 'retry');
  deps.log.warn('a task failed and is tried again', { waitedMs: delayMs, attempt: receives, error });
  await deps.queue.nack(delivery, { delayMs, reason, isFailure }, closing());
}

/** The alarm of one message; `gosling status` and the metrics show how many there are. */
async function putAside(
  deps: InternalDeps,
  at: { delivery: Delivery; reason: string; error?: unknown },
): Promise<void> {
  const { delivery, reason, error } = at;
  deps.metrics.task(delivery.message.kind, 'buried');
  deps.log.error('a task failed for good and was put aside', { reason, attempt: delivery.receives, error });
  if ((await deps.queue.bury(delivery, reason, closing())) === 'ok') await forgetEarlier(deps, delivery);
}

/** The tick sends again what is left to do: of one thing that fails for good the last dead letter tells enough. */
async function forgetEarlier(deps: InternalDeps, { id, message }: Delivery): Promise<void> {
  const { items } = await deps.queue.buried({ limit: deadLettersRead }, closing());
  const isEarlier = (letter: DeadLetter) =>
    letter.id !== id && letter.message.kind === message.kind && letter.message.key === message.key;
  for (const letter of items.filter(isEarlier)) await deps.queue.purge(letter.id, closing());
}

function closing(): CallOptions {
  return { signal: AbortSignal.timeout(10_000) };
}
