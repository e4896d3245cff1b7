import type { ConnectionLimits } from './http-server.ts';
import type { RatePlan } from './rate-limit.ts';

/** Bounds of the HTTP server. GitLab itself waits 10 s for the answer to a delivery. */
export interface HttpLimits extends ConnectionLimits {
  readonly answerTimeoutMs: number;
  readonly bodyBytes: number;
  readonly webhookBodyBytes: number;
  /** Of requests that prove nothing. */
  readonly perSource: RatePlan;
  readonly perToken: RatePlan;
}

export const defaultLimits: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  connectionTimeoutMs: 60_000,
  answerTimeoutMs: 9_000,
  bodyBytes: 1024 * 1024,
  webhookBodyBytes: 10 * 1024 * 1024,
  perSource: { burst: 300, perSecond: 20 },
  perToken: { burst: 1_200, perSecond: 100 },
};
