import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from './bench.ts';

export interface Redis {
  /** As Celery writes it. */
  readonly url: string;
  stop(): void;
}

const lookEveryMs = 20;
const startWithinMs = 10_000;

/** A Redis that keeps all in memory, without any sync, on a socket in the bench's folder. */
export async function startRedis({ folder, signal }: BenchContext): Promise<Redis> {
  const socket = join(folder, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', options, { stdio: 'ignore', cwd: folder });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new Error('redis-server is needed (Debian: redis-server)', { cause })),
    );
  });
  for (let waitedMs = 0; waitedMs < startWithinMs; waitedMs += lookEveryMs) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error('redis-server ended at once');
    if (await isThere(socket)) return { url: `redis+socket://${socket}`, stop: () => void child.kill() };
    await new Promise((resolve) => {
      setTimeout(resolve, lookEveryMs);
    });
  }
  child.kill();
  throw new Error('redis-server did not listen in time');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
