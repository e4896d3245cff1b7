import type { Clock, LogFields, Logger } from '@polar-gosling/kernel';
import { maskText } from '../mask.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

export interface AgentLog extends Logger {
  /** A line of `gitlab-runner`, as it came but masked. */
  raw(line: string): void;
}

/** JSON lines, as `gitlab-runner` writes them, so that one file holds both; without anything of `secrets`. */
export function createAgentLog(options: {
  readonly write: (text: string) => unknown;
  readonly clock: Clock;
  readonly level: Level;
  /** Asked for each line: they change. */
  readonly secrets: () => readonly string[];
  readonly fields?: LogFields;
}): AgentLog {
  const { clock, fields } = options;
  const least = levels.indexOf(options.level);
  const raw = (line: string) => options.write(`${maskText(line, options.secrets())}\n`);
  const print = (level: Level, message: string, more: LogFields = {}) => {
    if (levels.indexOf(level) < least) return;
    const time = new Date(clock.now()).toISOString();
    raw(JSON.stringify({ level, time, msg: message, ...fields, ...more, ...errorText(more.error) }));
  };
  return {
    debug: (message, more) => print('debug', message, more),
    info: (message, more) => print('info', message, more),
    warn: (message, more) => print('warn', message, more),
    error: (message, more) => print('error', message, more),
    with: (more) => createAgentLog({ ...options, fields: { ...fields, ...more } }),
    raw: (line) => {
      raw(line);
    },
  };
}

function errorText(error: unknown): { error: string } | Record<never, never> {
  if (error === undefined) return {};
  return { error: error instanceof Error ? error.message : String(error) };
}
