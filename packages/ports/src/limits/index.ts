import type { Limits } from '@polar-gosling/domain';
import { defineErrors } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export { type LimitsReading, parseLimits } from './limits-file.ts';

/** Where limits outside the Nest stand (`GOSLING_LIMITS`). */
export interface LimitsSource {
  /** The limits as they are now. LIMITS_UNREADABLE, LIMITS_WRONG; safe to repeat. */
  read(options: CallOptions): Promise<Limits>;
}

export const limitsErrors = defineErrors('LIMITS', {
  unreadable: {
    message: (p: { place: string }) => `the limits of GOSLING_LIMITS cannot be read from ${p.place}`,
    http: 503,
    retry: 'backoff',
  },
  wrong: {
    message: (p: { place: string; problems: string }) =>
      `the limits of GOSLING_LIMITS (${p.place}) are not in force: ${p.problems}`,
    http: 422,
    retry: 'never',
  },
});
