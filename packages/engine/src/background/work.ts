import type { Delivery, MessageKind } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { handleDelivery, leaseMs } from './handle-delivery.ts';

const waitMs = 5_000;

export type WorkOptions = CallOptions & { readonly kinds?: readonly MessageKind[] };

/**
 * Takes messages until the signal, at most `concurrency` at once; slow ones never block the others. On the signal each
 * is finished or given back, at the latest when its time to stop is over.
 */
export async function work(deps: InternalDeps, options: WorkOptions): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!options.signal.aborted) {
    const free = deps.settings.concurrency - running.size;
    if (free === 0) {
      // None of them fails.
      await Promise.any(running);
      continue;
    }
    for (const delivery of await receive(deps, free, options)) {
      const task = handleDelivery(deps, delivery, options).finally(() => running.delete(task));
      running.add(task);
    }
  }
  await Promise.allSettled(running);
}

async function receive(deps: InternalDeps, max: number, options: WorkOptions): Promise<readonly Delivery[]> {
  const { kinds } = options;
  try {
    return await deps.queue.receive({ max, leaseMs, waitMs, ...(kinds && { kinds }) }, options);
  } catch (error) {
    if (options.signal.aborted) return [];
    deps.log.warn('the queue could not be read', { error });
    await deps.clock.sleep(1_000, options.signal).catch(() => undefined);
    return [];
  }
}
