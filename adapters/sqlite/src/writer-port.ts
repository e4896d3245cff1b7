import type { Unit } from '@polar-gosling/ports/store';
import type { UnitOutcome } from './writer.ts';

/** The one writer of a database, wherever it runs. */
export interface WriterPort {
  /** One group, one sync to disk. Rejects when nothing of it was written. */
  commitGroup(units: readonly Unit[], nowMs: number): Promise<readonly UnitOutcome[]>;
  close(): Promise<void>;
}
