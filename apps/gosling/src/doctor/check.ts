import type { CliContext } from '../cli/command.ts';

/** What one look at one thing showed. */
export interface Finding {
  readonly result: 'ok' | 'warn' | 'fail' | 'skip';
  /** What was seen. */
  readonly detail: string;
  /** What to do about it; a command where there is one. */
  readonly fix?: string;
}

/** One of several things that a check has seen. */
export interface NamedFinding extends Finding {
  readonly name: string;
}

/** One thing that `gosling doctor` looks at, or one with several sides. A check that throws counts as failed. */
export interface Check {
  readonly id: string;
  readonly title: string;
  look(context: CliContext): Promise<Finding | readonly NamedFinding[]>;
}

export function ok(detail: string): Finding {
  return { result: 'ok', detail };
}

export function warn(detail: string, fix: string): Finding {
  return { result: 'warn', detail, fix };
}

export function fail(detail: string, fix: string): Finding {
  return { result: 'fail', detail, fix };
}

export function skip(detail: string): Finding {
  return { result: 'skip', detail };
}
