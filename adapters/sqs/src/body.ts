import { parseJson } from '@polar-gosling/kernel';
import type { QueueMessage } from '@polar-gosling/ports/queue';
import { readMessage } from '@polar-gosling/ports/queue/adapter';
import { z } from 'zod';

/** A wake-up as it travels: nothing but names, so that it may pass through any hands. */
export interface Wakeup {
  readonly message: QueueMessage;
  /** Its row in the outbox. */
  readonly row: string;
  readonly sentAt: number;
}

const Body = z.object({ id: z.string(), at: z.number() });
const Probe = z.object({ probe: z.literal(true) });

/** What `checkSqsQueue` sends to see whether it may; whoever receives it throws it away. */
export const probeBody = JSON.stringify({ v: 1, probe: true });

export function writeBody({ message, row, sentAt }: Wakeup): string {
  return JSON.stringify({ ...message, id: row, at: sentAt });
}

/** The wake-up in a body; `probe`: the self-check's; `undefined`: not of this release. */
export function readBody(text: string): Wakeup | 'probe' | undefined {
  const body = parseJson(text);
  if (Probe.safeParse(body).success) return 'probe';
  const message = readMessage(body);
  const parsed = Body.safeParse(body);
  if (message === undefined || !parsed.success) return undefined;
  return { message, row: parsed.data.id, sentAt: parsed.data.at };
}
