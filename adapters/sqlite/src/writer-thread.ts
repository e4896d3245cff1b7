import { parentPort, workerData } from 'node:worker_threads';
import { isCoded } from '@polar-gosling/kernel';
import { openForWriting, reasonOf } from './open-database.ts';
import { unpackUnit } from './pack-unit.ts';
import type { FromThread, ThreadFailure, ThreadStart, ToThread } from './thread-messages.ts';
import { createWriter, type Writer } from './writer.ts';

// The entry of the writer's thread: the only connection that writes, so the syncs to disk hold nothing else up.

const answer = (message: FromThread) => parentPort?.postMessage(message);

function start({ path, nowMs }: ThreadStart): void {
  try {
    const writer = createWriter(openForWriting(path, nowMs));
    parentPort?.on('message', (message: ToThread) => handle(writer, message));
    answer({ kind: 'ready' });
  } catch (error) {
    answer(failure(error));
  }
}

function handle(writer: Writer, message: ToThread): void {
  if (message.kind === 'close') {
    writer.close();
    parentPort?.close();
    return;
  }
  try {
    const outcomes = writer.commitGroup(message.units.map(unpackUnit), message.nowMs);
    answer({ kind: 'done', others: [...outcomes.entries()].filter(([, { kind }]) => kind !== 'ok') });
  } catch (error) {
    answer(failure(error));
    return;
  }
  purge(writer, message.nowMs);
}

/** After the answer, so that nobody waits for it; what stays is filtered on every read and removed the next time. */
function purge(writer: Writer, nowMs: number): void {
  try {
    writer.purgeExpired(nowMs);
  } catch {
    // The next commit says what is wrong.
  }
}

function failure(error: unknown): ThreadFailure {
  const reason = reasonOf(error);
  return isCoded(error)
    ? { kind: 'failed', reason, code: error.code, params: error.params }
    : { kind: 'failed', reason };
}

start(workerData as ThreadStart);
