import type { ApiClient, BootstrapAnswer } from '@polar-gosling/api-contract';
import { type Clock, type IdSource, isCoded, type Logger, retryDelayMs } from '@polar-gosling/kernel';
import { goslingVersion } from '../version.ts';

/** The one-time token lives for 10 minutes; nobody waits for this machine after that. */
const patienceMs = 15 * 60_000;
const plan = { attempts: Number.POSITIVE_INFINITY, baseMs: 500, capMs: 15_000 };

/**
 * Trades the one-time token. Repeats while the back end cannot be reached; the same `bootId` may repeat the exchange
 * until the first heartbeat, so an answer lost on its way does no harm. A refusal is final.
 */
export async function exchangeToken(
  api: ApiClient,
  who: { readonly runnerId: string; readonly bootId: string },
  options: {
    readonly clock: Clock;
    readonly ids: IdSource;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<BootstrapAnswer> {
  const { clock, signal, log } = options;
  const endsAt = clock.monotonic() + patienceMs;
  const body = {
    gosling_version: goslingVersion,
    platform: process.platform,
    architecture: process.arch,
    boot_id: who.bootId,
  };
  for (let attempt = 0; ; attempt++) {
    try {
      return await api.call('bootstrapRunner', { params: { id: who.runnerId }, body }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!mayComeRight(error) || clock.monotonic() >= endsAt) throw error;
      const waitMs = retryDelayMs(plan, attempt, options.ids.random());
      log.warn('bootstrap failed, trying again', { attempt, waitedMs: waitMs, error });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** A 5xx without our problem document may be a gateway in front of a back end that starts. */
function mayComeRight(error: unknown): boolean {
  if (!isCoded(error)) return false;
  const isGateway = isCoded(error, 'API_BAD_ANSWER') && Number(error.params['status']) >= 500;
  const isServerFault = isCoded(error, 'API_PROBLEM') && Number(error.params['status']) >= 500;
  return error.retry !== 'never' || isGateway || isServerFault;
}
