import { createServer } from 'node:net';
import { runnerErrors } from './runner-errors.ts';

/** A loopback port that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(runnerErrors.noPort({}));
        else resolve(address.port);
      });
    });
  });
}
