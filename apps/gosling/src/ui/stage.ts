import type { Clock } from '@polar-gosling/kernel';

/** One step of a long work; ends with exactly one `done` or `fail` (later calls say nothing). */
export interface Stage {
  note(text: string): void;
  /** How much came of what is fetched: shown in place of what was told before, and not at all line by line. */
  received(bytes: ReceivedBytes): void;
  done(detail?: string): void;
  fail(detail: string): void;
}

export interface ReceivedBytes {
  readonly received: number;
  /** Absent where nobody says. */
  readonly total?: number | undefined;
}

/** Shows long work as stages; several may be open at once. */
export interface Progress {
  stage(name: string): Stage;
  /** A line that belongs to no stage, such as one of a job's log. */
  line(text: string): void;
  /** Ends the display; open stages stay as they stand. */
  close(): void;
}

export interface ProgressSink {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  readonly out: ProgressSink;
  readonly clock: Clock;
  /** A terminal gets a live tree, anything else one line per event. */
  readonly isTty: boolean;
  readonly color: boolean;
  /** One JSON object per event, whatever `isTty` says. */
  readonly json?: boolean;
}
