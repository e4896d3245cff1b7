import { type Clock, createJsonLogger, type Logger, type LogLevel, type Masker } from '@polar-gosling/kernel';

export interface AgentLog extends Logger {
  /** A line of `gitlab-runner`, as it came but masked. */
  raw(line: string): void;
}

/** JSON lines, as `gitlab-runner` writes them, so that one file holds both. */
export function createAgentLog(options: {
  readonly write: (text: string) => unknown;
  readonly clock: Clock;
  readonly level: LogLevel;
  readonly masker: Masker;
}): AgentLog {
  const write = (text: string) => {
    options.write(text);
  };
  return {
    ...createJsonLogger({ ...options, write, format: 'json' }),
    raw: (line) => write(`${options.masker.mask(line)}\n`),
  };
}
