import type { Engine } from '@polar-gosling/engine';
import type { Clock, Logger } from '@polar-gosling/kernel';
import type { QueueOperations } from '@polar-gosling/ports/queue';
import type { Metrics } from '../metrics/prometheus.ts';
import type { Access } from './access.ts';
import type { HttpLimits } from './limits.ts';
import type { PageSessions } from './page-sessions.ts';

/** What the routes are made with. */
export interface HttpContext {
  readonly engine: Engine;
  readonly tasks: QueueOperations;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sessions: PageSessions;
  readonly limits: HttpLimits;
  readonly listen: { readonly isLoopback: boolean };
  readonly version: string;
  /** The server stops: answers that go on for long end. */
  readonly closing: AbortSignal;
}
