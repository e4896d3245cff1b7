import type { ProgressLine } from '@polar-gosling/ports/store';
import type { TofuEvent } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { createPacedWrite } from '../rows/paced-write.ts';
import { toJson } from '../rows/writes.ts';
import type { RunRecord } from './run-row.ts';

const keptLines = 100;
const messageLetters = 500;
/** A row is not written more often; OpenTofu may tell hundreds of lines a second. */
const everyMs = 1_000;
const writeTimeoutMs = 10_000;

/** What a run tells while it goes on: to whoever watches at once, to its row once a second. */
export interface RunProgress {
  note(event: TofuEvent): void;
  /** Writes what is not written yet. A row that cannot be written holds up no run. */
  close(): Promise<void>;
}

export function createRunProgress(
  deps: InternalDeps,
  run: Pick<RunRecord, 'id' | 'egg' | 'shard'>,
): RunProgress {
  const lines: ProgressLine[] = [];
  let count = 0;

  const write = async () => {
    const key = { table: 'runs', partition: run.id } as const;
    const set = { progress: toJson(lines), progress_count: count };
    try {
      await deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], {
        signal: AbortSignal.timeout(writeTimeoutMs),
      });
      return true;
    } catch (error) {
      deps.log.warn('the progress of a run could not be written', { runId: run.id, error });
      return false;
    }
  };
  const row = createPacedWrite({ clock: deps.clock, everyMs, write });

  return {
    note(event) {
      if (event.kind === 'log') return;
      const line = lineOf(event, deps.clock.now());
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      count += 1;
      deps.events.publish({
        ...{ runId: run.id, egg: run.egg, shard: run.shard },
        line: { ...line, number: count },
      });
      row.soon();
    },
    close: () => row.close(),
  };
}

function lineOf({ kind, message, address, severity }: TofuEvent, at: number): ProgressLine {
  return {
    at,
    kind: kind === 'log' ? 'stage' : kind,
    message: message.length > messageLetters ? `${message.slice(0, messageLetters)}…` : message,
    ...(address !== undefined && { address }),
    ...(severity !== undefined && { severity }),
  };
}
