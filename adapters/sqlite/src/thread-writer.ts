import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { storeErrors } from '@polar-gosling/ports/store';
import { packUnit } from './pack-unit.ts';
import type { FromThread, ThreadFailure, ThreadStart, ToThread } from './thread-messages.ts';
import type { WriterPort } from './writer-port.ts';

interface Waiting {
  resolve(message: FromThread): void;
  reject(error: unknown): void;
}

interface Thread {
  ask(message: ToThread): Promise<FromThread>;
  close(): Promise<void>;
  isDead(): boolean;
}

/** A group is garbage as soon as it is answered. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };
const written = { kind: 'ok' } as const;

/** Writes in a thread of its own. One that died is started again by the next group. */
export async function openThreadWriter(path: string, nowMs: number): Promise<WriterPort> {
  let thread = await startThread({ path, nowMs });
  return {
    async commitGroup(units, atMs) {
      if (thread.isDead()) thread = await startThread({ path, nowMs: atMs });
      const message = await thread.ask({ kind: 'commit', units: units.map(packUnit), nowMs: atMs });
      if (message.kind === 'done') {
        const others = new Map(message.others);
        return units.map((_, place) => others.get(place) ?? written);
      }
      throw storeErrors.unavailable({ op: 'commit' }, { cause: message });
    },
    close: () => thread.close(),
  };
}

async function startThread(data: ThreadStart): Promise<Thread> {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: data,
    resourceLimits,
  });
  let waiting: Waiting | undefined;
  let isDead = false;
  const exited = once(worker, 'exit');
  const die = (error: unknown) => {
    isDead = true;
    waiting?.reject(storeErrors.unavailable({ op: 'commit' }, { cause: error }));
    waiting = undefined;
  };
  worker.on('message', (message: FromThread) => {
    waiting?.resolve(message);
    waiting = undefined;
  });
  worker.on('error', die);
  worker.on('exit', die);
  const answer = () =>
    new Promise<FromThread>((resolve, reject) => {
      waiting = { resolve, reject };
    });

  const first = await answer();
  if (first.kind === 'failed') {
    await worker.terminate();
    throw openFailure(data.path, first);
  }
  return {
    isDead: () => isDead,
    ask(message) {
      const answered = answer();
      worker.postMessage(message);
      return answered;
    },
    async close() {
      if (isDead) return;
      worker.postMessage({ kind: 'close' } satisfies ToThread);
      await exited;
    },
  };
}

function openFailure(path: string, failure: ThreadFailure): unknown {
  const { found, known } = failure.params ?? {};
  if (failure.code === 'STORE_NEWER_SCHEMA') {
    return storeErrors.newerSchema({ found: Number(found), known: Number(known), path });
  }
  const reason = String(failure.params?.['reason'] ?? failure.reason);
  return storeErrors.notOpened({ path, reason }, { cause: failure });
}
