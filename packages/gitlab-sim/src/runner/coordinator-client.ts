import { type Clock, type IdSource, retryDelayMs } from '@polar-gosling/kernel';
import { type IncomingReply, sendRequest } from '../http/send-request.ts';

/** The coordinator's answer, or why there was none. */
export type CoordinatorAnswer =
  | { readonly kind: 'answer'; readonly reply: IncomingReply }
  | { readonly kind: 'unreachable'; readonly error: unknown };

export interface CoordinatorCall {
  readonly method: string;
  /** Below `/api/v4/`. */
  readonly path: string;
  readonly json?: object;
  readonly raw?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Tries in all. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** Talks to one GitLab; repeats what may be repeated, at the server's own pace. */
export type CoordinatorClient = (call: CoordinatorCall) => Promise<CoordinatorAnswer>;

const timeoutMs = 120_000;
const plan = { attempts: 5, baseMs: 200, capMs: 5_000 };
const repeatable = new Set([408, 429, 500, 502, 503, 504]);

export function createCoordinatorClient(deps: {
  url: string;
  caPem: string | undefined;
  version: string;
  clock: Clock;
  ids: IdSource;
}): CoordinatorClient {
  const send = async (call: CoordinatorCall): Promise<CoordinatorAnswer> => {
    try {
      const body = call.raw ?? (call.json === undefined ? undefined : JSON.stringify(call.json));
      const reply = await sendRequest({
        url: new URL(`${deps.url}/api/v4/${call.path}`),
        method: call.method,
        headers: {
          Accept: 'application/json',
          'User-Agent': `gitlab-runner ${deps.version} (simulated)`,
          'X-Request-Id': deps.ids.next(),
          'Content-Type': call.raw === undefined ? 'application/json' : 'text/plain',
          ...call.headers,
        },
        timeoutMs,
        caPem: deps.caPem,
        signal: call.signal,
        ...(body !== undefined && { body }),
      });
      return { kind: 'answer', reply };
    } catch (error) {
      return { kind: 'unreachable', error };
    }
  };
  return async (call) => {
    for (let attempt = 0; ; attempt++) {
      const answer = await send(call);
      const isLast = attempt + 1 >= call.attempts || call.signal.aborted;
      if (isLast || !mayRepeat(answer)) return answer;
      const waitMs = Math.max(
        askedWaitMs(answer, deps.clock.now()),
        retryDelayMs(plan, attempt, deps.ids.random()),
      );
      // An abort while waiting ends the loop by the check above.
      await deps.clock.sleep(waitMs, call.signal).catch(() => undefined);
    }
  };
}

function mayRepeat(answer: CoordinatorAnswer): boolean {
  if (answer.kind === 'unreachable') return true;
  return repeatable.has(answer.reply.status) || answer.reply.status >= 512;
}

/** `RateLimit-ResetTime`, then `Retry-After`. */
function askedWaitMs(answer: CoordinatorAnswer, nowMs: number): number {
  if (answer.kind === 'unreachable') return 0;
  const { headers } = answer.reply;
  const reset = Date.parse(String(headers['ratelimit-resettime'] ?? ''));
  if (!Number.isNaN(reset)) return Math.max(0, reset - nowMs);
  const seconds = Number(headers['retry-after'] ?? 0);
  return Number.isNaN(seconds) ? 0 : seconds * 1000;
}
