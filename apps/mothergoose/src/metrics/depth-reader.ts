import type { Clock, Logger } from '@polar-gosling/kernel';
import type { QueueOperations, QueueStats } from '@polar-gosling/ports/queue';

const keptMs = 5_000;
const timeoutMs = 5_000;

/**
 * Reads how deep the queue of all processes is, when this one is asked: none shows what it saw a while ago. That reads
 * the whole queue, so it is done every 5 s at most, however often it is asked. `undefined`: the queue does not answer.
 */
export function createDepthReader(deps: {
  readonly tasks: Pick<QueueOperations, 'stats'>;
  readonly clock: Clock;
  readonly log: Logger;
}): () => Promise<QueueStats | undefined> {
  const { tasks, clock, log } = deps;
  let last: { readonly at: number; readonly stats: Promise<QueueStats | undefined> } | undefined;
  const read = async () => {
    try {
      return await tasks.stats({ signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      log.warn('the queue did not say how deep it is', { error });
      return undefined;
    }
  };
  return () => {
    if (last === undefined || clock.now() - last.at >= keptMs) last = { at: clock.now(), stats: read() };
    return last.stats;
  };
}
