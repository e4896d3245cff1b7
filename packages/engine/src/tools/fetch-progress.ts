import type { FetchProgress } from '@polar-gosling/ports/binaries';
import type { ToolKind } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { createPacedWrite } from '../rows/paced-write.ts';
import { toJson } from '../rows/writes.ts';
import { tableOf } from './version-rows.ts';

const everyMs = 2_000;
const writeTimeoutMs = 10_000;

/** Tells the row of what is asked for how much of it came. A row that cannot be written holds up no download. */
export function createFetchProgress(
  { store, clock, log }: Pick<InternalDeps, 'store' | 'clock' | 'log'>,
  { kind, id }: { kind: ToolKind; id: string },
): { note(progress: FetchProgress): void; close(): Promise<void> } {
  let latest: FetchProgress | undefined;
  const write = async () => {
    const key = { table: tableOf(kind).table, partition: id };
    const progress = toJson({ received_bytes: latest?.receivedBytes, total_bytes: latest?.totalBytes });
    try {
      await store.commit([{ kind: 'update', key, set: { progress }, when: { kind: 'present' } }], {
        signal: AbortSignal.timeout(writeTimeoutMs),
      });
      return true;
    } catch (error) {
      log.warn('the progress of a download could not be written', { error });
      return false;
    }
  };
  const row = createPacedWrite({ clock, everyMs, write });
  return {
    note(progress) {
      latest = progress;
      row.soon();
    },
    close: () => row.close(),
  };
}
