import type { Clock } from '@polar-gosling/kernel';

export interface RatePlan {
  /** What may be spent at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export type Spending = { readonly kind: 'ok' } | { readonly kind: 'empty'; readonly retryAfterS: number };

export interface RateLimiter {
  /** Takes `cost` from the bucket of `key`; when it is empty nothing is taken. */
  spend(key: string, cost: number): Spending;
  /** Takes it although the answer is on its way already; the bucket may go below nothing, by one burst at most. */
  charge(key: string, cost: number): void;
}

interface Bucket {
  level: number;
  at: number;
}

const maxBuckets = 20_000;

/** Token buckets in memory, the longest unused forgotten first. A forgotten one is full again. */
export function createRateLimiter(plan: RatePlan, clock: Clock): RateLimiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(key: string): Bucket {
    const now = clock.monotonic();
    const known = buckets.get(key);
    buckets.delete(key);
    const level = known === undefined ? plan.burst : refilled(plan, known, now);
    const bucket = { level, at: now };
    buckets.set(key, bucket);
    if (buckets.size > maxBuckets) forgetOldest(buckets);
    return bucket;
  }

  return {
    spend(key, cost) {
      const bucket = bucketOf(key);
      if (bucket.level < cost) {
        return { kind: 'empty', retryAfterS: Math.max(1, Math.ceil((cost - bucket.level) / plan.perSecond)) };
      }
      bucket.level -= cost;
      return { kind: 'ok' };
    },
    charge(key, cost) {
      const bucket = bucketOf(key);
      bucket.level = Math.max(-plan.burst, bucket.level - cost);
    },
  };
}

function refilled(plan: RatePlan, bucket: Bucket, now: number): number {
  return Math.min(plan.burst, bucket.level + ((now - bucket.at) / 1_000) * plan.perSecond);
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const [oldest] = buckets.keys();
  if (oldest !== undefined) buckets.delete(oldest);
}

/** Whose requests count together: an IPv4 address, or the /64 that one IPv6 host has for itself. */
export function sourceOf(address: string | undefined): string {
  const plain = (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')];
  return `${whole.slice(0, 4).join(':')}::/64`;
}
