import type { CallOptions } from '@polar-gosling/ports/queue';

/** A message as SQS gives it out. */
export interface SqsMessage {
  /** Stays the same however often the message is given out. */
  readonly id: string;
  /** Of this giving out. */
  readonly receipt: string;
  readonly body: string;
  /** How often SQS gave it out, about; counts towards its own limit (`RedrivePolicy`). */
  readonly receiveCount: number;
}

export interface SqsEntry {
  readonly body: string;
  readonly delaySeconds: number;
}

/** What we need of SQS, so that the SDK stands in one file. Queues are named by URL; seconds are whole. */
export interface SqsCalls {
  /** Up to 10. Answers the places of those that were not taken. Not safe to repeat: they would be there twice. */
  send(queue: string, entries: readonly SqsEntry[], options: CallOptions): Promise<readonly number[]>;
  receive(
    queue: string,
    request: { max: number; visibilitySeconds: number; waitSeconds: number },
    options: CallOptions,
  ): Promise<readonly SqsMessage[]>;
  /** Up to 10. One that is gone already is no error. */
  remove(queue: string, receipts: readonly string[], options: CallOptions): Promise<void>;
  /** Hides the message for so long from now; `gone` when it is not given out under this receipt. */
  hide(queue: string, at: { receipt: string; seconds: number }, options: CallOptions): Promise<'ok' | 'gone'>;
  attributes(queue: string, options: CallOptions): Promise<Readonly<Record<string, string>>>;
  setAttributes(
    queue: string,
    attributes: Readonly<Record<string, string>>,
    options: CallOptions,
  ): Promise<void>;
  /** The URL of the queue with this name, made when there is none. Safe to repeat with equal attributes. */
  create(name: string, attributes: Readonly<Record<string, string>>, options: CallOptions): Promise<string>;
  /** The server's time less ours at its last answer, to the second; `undefined` before the first. */
  clockSkewMs(): number | undefined;
  close(): void;
}
