import { readFile, rm, writeFile } from 'node:fs/promises';
import { type Clock, pollUntil } from '@polar-gosling/kernel';
import { z } from 'zod';
import { readBootId, readStartTime } from './process-identity.ts';

const Holder = z.object({ pid: z.number(), startTime: z.string(), bootId: z.string() });

/** Runs `action` while this process holds the lock file; waits for another one, takes over from a dead one. */
export async function withFileLock<Result>(
  path: string,
  options: { clock: Clock; waitMs: number; signal: AbortSignal },
  action: () => Promise<Result>,
): Promise<Result> {
  const holder = { pid: process.pid, startTime: readStartTime(process.pid) ?? '', bootId: readBootId() };
  const tryTake = async () => {
    try {
      await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
      return true;
    } catch {
      if (await isDead(path)) await rm(path, { force: true });
      return undefined;
    }
  };
  const { clock, waitMs, signal } = options;
  await pollUntil(tryTake, { clock, everyMs: 200, timeoutMs: waitMs, what: `the lock ${path}`, signal });
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function isDead(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const holder = parseHolder(text);
  if (holder === undefined) return false; // being written at this moment
  return holder.bootId !== readBootId() || readStartTime(holder.pid) !== holder.startTime;
}

function parseHolder(text: string): z.infer<typeof Holder> | undefined {
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    return undefined; // half a file: its writer is at it, or was killed at it; the wait has an end
  }
}
