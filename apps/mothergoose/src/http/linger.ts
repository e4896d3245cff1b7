import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

const drainedByNodeBytes = 64 * 1024;
const lingerMs = 1_000;
const lingerBytes = 1024 * 1024;
const lookEveryMs = 25;

/** Does so much of the body lie ahead that it is cheaper to end the connection than to read it? */
export function hasMuchUnread(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { 'transfer-encoding': encoding, 'content-length': length, expect } = request.headers;
  return encoding !== undefined || expect !== undefined || Number(length ?? 0) > drainedByNodeBytes;
}

/**
 * Makes the close of this connection polite: our end first, then for a moment what still comes is read and dropped.
 * Closing at once, with bytes unread, would reset the connection and take the answer away from the client.
 */
export function lingerOnClose(request: IncomingMessage): void {
  const { socket } = request;
  if (!(socket instanceof Socket)) return;
  const readBefore = socket.bytesRead;
  socket.destroySoon = () => {
    socket.end();
    let looks = 0;
    const timer = setInterval(() => {
      looks += 1;
      const isOver = looks * lookEveryMs >= lingerMs || socket.bytesRead - readBefore > lingerBytes;
      if (isOver) socket.destroy();
    }, lookEveryMs);
    socket.once('close', () => clearInterval(timer));
  };
}
