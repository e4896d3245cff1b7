import type { Clock } from '@polar-gosling/kernel';
import type { Delivery } from '@polar-gosling/ports/queue';

const rememberedMs = 60_000;

/** SQS tells the age of its oldest message only through CloudWatch; this is what its receivers see of it. */
export function createSeenAge(clock: Clock): { see(deliveries: readonly Delivery[]): void; read(): number } {
  let seen: { sentAt: number; at: number } | undefined;
  const isFresh = () => seen !== undefined && clock.now() - seen.at <= rememberedMs;
  return {
    see(deliveries) {
      const sentAt = Math.min(...deliveries.map((delivery) => delivery.sentAt));
      if (deliveries.length === 0 || (isFresh() && seen !== undefined && seen.sentAt <= sentAt)) return;
      seen = { sentAt, at: clock.now() };
    },
    read: () => (isFresh() && seen !== undefined ? Math.max(0, clock.now() - seen.sentAt) : 0),
  };
}
