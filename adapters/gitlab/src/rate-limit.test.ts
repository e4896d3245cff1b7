import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRateLimit } from './rate-limit.ts';

const nowMs = Date.UTC(2026, 0, 1);

describe('readRateLimit', () => {
  it('reads the headers GitLab sends', () => {
    const seen = readRateLimit(
      {
        'ratelimit-limit': '2000',
        'ratelimit-remaining': '1999',
        'ratelimit-reset': String(nowMs / 1000 + 30),
        'retry-after': '5',
      },
      nowMs,
    );

    expect(seen).toEqual({ limit: 2000, remaining: 1999, resetAtMs: nowMs + 30_000, retryAfterMs: 5_000 });
  });

  it('reads Retry-After as a date', () => {
    const at = new Date(nowMs + 90_000).toUTCString();

    expect(readRateLimit({ 'retry-after': at }, nowMs)).toEqual({ retryAfterMs: 90_000 });
  });

  it('says nothing where nothing was sent', () => {
    expect(readRateLimit({}, nowMs)).toEqual({});
  });

  it('never says to wait a negative time, or above an hour, whatever was sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (after, reset) => {
        const seen = readRateLimit({ 'retry-after': after, 'ratelimit-reset': reset }, nowMs);
        const { retryAfterMs = 0, resetAtMs = nowMs } = seen;
        expect(retryAfterMs).toBeGreaterThanOrEqual(0);
        expect(retryAfterMs).toBeLessThanOrEqual(3_600_000);
        expect(resetAtMs).toBeLessThanOrEqual(nowMs + 3_600_000);
      }),
      { numRuns: runs(300) },
    );
  });
});
