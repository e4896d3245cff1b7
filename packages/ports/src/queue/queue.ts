import type { CallOptions } from '../call.ts';
import type { Unit } from '../store/store.ts';

export type MessageKind =
  | 'webhook'
  | 'reconcile'
  | 'run'
  | 'bind'
  | 'sweep'
  | 'sync'
  | 'prune'
  | 'schedule'
  | 'install'
  | 'collect'
  | 'notify';

/** A wake-up; nothing else in it is trusted. Durability sits in the state tables. */
export interface QueueMessage {
  readonly v: 1;
  readonly kind: MessageKind;
  readonly key: string;
  readonly trace: string;
}

/** A message given to one worker for a while. */
export interface Delivery {
  readonly id: string;
  readonly message: QueueMessage;
  /** Times it was given out, this one included. */
  readonly receives: number;
  /** How many holders in a row before this one gave no answer: killed, hung or cut off. */
  readonly unanswered: number;
  /** How often it was handed back as failed; other returns do not count. */
  readonly failures: number;
  /** Proof of the lease; a later holder has another. */
  readonly leaseToken: string;
  readonly sentAt: number;
}

/** At-least-once, no order promised; messages of one kind and key are merged and never run twice at once. */
export interface WorkQueue {
  /** Up to `max` messages that are due, leased for `leaseMs`. Empty when none came within `waitMs`. Safe to repeat. */
  receive(
    request: { max: number; leaseMs: number; waitMs: number; kinds?: readonly MessageKind[] },
    options: CallOptions,
  ): Promise<readonly Delivery[]>;
  /** Holds the message longer. `lost`: somebody else has it now; stop and write nothing. */
  extend(delivery: Delivery, leaseMs: number, options: CallOptions): Promise<'ok' | 'lost'>;
  /** Done. What was sent under the same kind and key after the receive stays. Repeating answers `lost`. */
  ack(delivery: Delivery, options: CallOptions): Promise<'ok' | 'lost'>;
  /** Give it back, due again after `delayMs`. */
  nack(
    delivery: Delivery,
    why: { delayMs: number; reason: string; isFailure?: boolean },
    options: CallOptions,
  ): Promise<'ok' | 'lost'>;
  /** To the dead letters, with a reason. */
  bury(delivery: Delivery, reason: string, options: CallOptions): Promise<'ok' | 'lost'>;
  /** Tells this process that something was sent, so that a waiting `receive` looks at once. */
  wake(): void;
}

export interface QueueStats {
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  readonly buried: number;
  /** How long the oldest message that is due has been waiting; on SQS as far as this process has seen. */
  readonly oldestAgeMs: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly message: QueueMessage;
  readonly reason: string;
  readonly buriedAt: number;
  readonly receives: number;
}

/** The operator's side of the queue. */
export interface QueueOperations {
  stats(options: CallOptions): Promise<QueueStats>;
  /**
   * Hands over what was committed and is not yet in the queue, and brings back what the engine gave up by itself.
   * Called by every tick; nothing to do where the queue is the outbox. Safe to repeat.
   */
  sendDue(options: CallOptions): Promise<void>;
  /**
   * Every message that is given out becomes due at once. Only where no worker can be alive: an embedded instance that
   * has just taken its data directory for itself. A queue that several instances share does nothing.
   */
  giveBackAll(options: CallOptions): Promise<void>;
  /** One page of the dead letters, newest first. */
  buried(
    page: { limit: number; cursor?: string },
    options: CallOptions,
  ): Promise<{ readonly items: readonly DeadLetter[]; readonly cursor?: string }>;
  /** Back to work, in one transaction with `also`; `missing` when there is no such dead letter. */
  redrive(id: string, options: CallOptions & { readonly also?: Unit }): Promise<'ok' | 'missing'>;
  /** Thrown away, in one transaction with `also`; `missing` when there is no such dead letter. */
  purge(id: string, options: CallOptions & { readonly also?: Unit }): Promise<'ok' | 'missing'>;
}
