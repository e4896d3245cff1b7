import { createConnection } from 'node:net';
import { createSystemClock } from '@polar-gosling/kernel';

export interface Conversation {
  /** Everything the server said until it closed. */
  readonly answer: string;
  /** Statuses of the answers in it. */
  readonly statuses: readonly number[];
  readonly lastedMs: number;
  readonly wasReset: boolean;
}

/** Writes bytes as they are, piece by piece, and listens until the server closes or `patienceMs` is over. */
export function talk(
  port: number,
  pieces: readonly (string | Buffer)[],
  options: { readonly patienceMs?: number; readonly everyMs?: number; readonly endsAfter?: boolean } = {},
): Promise<Conversation> {
  const { patienceMs = 4_000, everyMs = 5, endsAfter = false } = options;
  return new Promise((resolve) => {
    const clock = createSystemClock();
    const startedAt = clock.monotonic();
    const left = [...pieces];
    let answer = '';
    let wasReset = false;
    const socket = createConnection({ port, host: '127.0.0.1' });
    const writer = setInterval(() => {
      const piece = left.shift();
      if (piece !== undefined && socket.writable) socket.write(piece);
      if (piece === undefined) {
        clearInterval(writer);
        if (endsAfter) socket.end();
      }
    }, everyMs);
    const patience = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {
      wasReset = true;
    });
    socket.on('close', () => {
      clearInterval(writer);
      clearTimeout(patience);
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ answer, statuses, lastedMs: clock.monotonic() - startedAt, wasReset });
    });
  });
}
