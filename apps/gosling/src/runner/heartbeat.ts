import type { ApiClient, HeartbeatAnswer, HeartbeatBody } from '@polar-gosling/api-contract';
import { isCoded } from '@polar-gosling/kernel';

/** What became of one report. */
export type Delivery =
  | { readonly kind: 'answered'; readonly answer: HeartbeatAnswer }
  | { readonly kind: 'refused'; readonly status: 401 | 404 | 410 }
  /** Nobody heard it: it may be sent again later. */
  | { readonly kind: 'unreachable'; readonly error: unknown; readonly retryAfterMs: number }
  /** Heard and not understood: sending it again would not help. */
  | { readonly kind: 'rejected'; readonly error: unknown };

const patienceMs = 10_000;

export async function sendHeartbeat(
  api: ApiClient,
  at: { readonly runnerId: string; readonly body: HeartbeatBody },
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const { runnerId, body } = at;
    const answer = await api.call('heartbeat', { params: { id: runnerId }, body }, { signal: limited });
    return { kind: 'answered', answer };
  } catch (error) {
    signal.throwIfAborted();
    return deliveryOf(error);
  }
}

function deliveryOf(error: unknown): Delivery {
  if (!isCoded(error)) return { kind: 'unreachable', error, retryAfterMs: 0 };
  const status = Number(error.params['status'] ?? 0);
  if (error.code === 'API_UNAUTHORIZED') return { kind: 'refused', status: 401 };
  if (error.code === 'API_PROBLEM') {
    if (status === 404 || status === 410) return { kind: 'refused', status };
    if (status >= 400 && status < 500) return { kind: 'rejected', error };
  }
  return { kind: 'unreachable', error, retryAfterMs: Number(error.params['retryAfterMs'] ?? 0) };
}
