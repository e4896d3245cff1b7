import type { Clock } from '../clock.ts';
import { isCoded } from '../errors.ts';
import type { LogFields, Logger } from '../logger.ts';
import type { Masker } from '../masking/masker.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

interface LoggerOptions {
  /** Takes one line with its line end. */
  write(line: string): void;
  readonly masker: Masker;
  readonly clock: Clock;
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
}

interface DescribedError {
  readonly code?: string;
  readonly message: string;
  /** Only of errors that are not ours: those are bugs. */
  readonly stack?: readonly string[];
  readonly cause?: DescribedError;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const deepestCause = 5;
const stackLines = 6;

/** One line per event, each text in it masked; what is below `level` costs nothing. */
export function createJsonLogger(options: LoggerOptions): Logger {
  return loggerWith(options, {});
}

function loggerWith(options: LoggerOptions, bound: LogFields): Logger {
  const at = (level: LogLevel) => {
    if (ranks[level] < ranks[options.level]) return () => undefined;
    return (message: string, fields: LogFields = {}) => {
      options.write(formatLine(options, { level, message, fields: { ...bound, ...fields } }));
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => loggerWith(options, { ...bound, ...fields }),
  };
}

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function formatLine(options: LoggerOptions, { level, message, fields }: Line): string {
  const time = new Date(options.clock.now()).toISOString();
  const { error, ...facts } = fields;
  const described = error === undefined ? undefined : describeError(error, 0);
  if (options.format === 'pretty') {
    return options.masker.mask(prettyLine({ time, level, message, facts, described }));
  }
  // Value by value, so that the line stays JSON whatever is masked.
  const masked = (_key: string, value: unknown) =>
    typeof value === 'string' ? options.masker.mask(value) : value;
  return `${JSON.stringify({ time, level, message, ...facts, error: described }, masked)}\n`;
}

function prettyLine(line: {
  time: string;
  level: LogLevel;
  message: string;
  facts: object;
  described: DescribedError | undefined;
}): string {
  const facts = Object.entries(line.facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`);
  const head = [line.time.slice(11, 23), line.level.toUpperCase().padEnd(5), line.message, ...facts].join(
    ' ',
  );
  const causes: string[] = [];
  for (let error = line.described; error !== undefined; error = error.cause) {
    causes.push(`    ${error.code === undefined ? '' : `${error.code}: `}${error.message}`);
    causes.push(...(error.stack ?? []).map((frame) => `      ${frame}`));
  }
  return `${[head, ...causes].join('\n')}\n`;
}

function describeError(error: unknown, depth: number): DescribedError {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause =
    error.cause === undefined || depth === deepestCause
      ? {}
      : { cause: describeError(error.cause, depth + 1) };
  if (isCoded(error)) return { code: error.code, message: error.message, ...cause };
  const code: unknown = Reflect.get(error, 'code');
  return {
    ...(typeof code === 'string' ? { code } : {}),
    message: `${error.name}: ${error.message}`,
    stack: stackOf(error),
    ...cause,
  };
}

function stackOf(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').map((line) => line.trim());
  return frames.filter((line) => line.startsWith('at ')).slice(0, stackLines);
}
