/**
 * The field names of every log line. A new one is added here, so that a line can always be searched
 * by the same word.
 */
export interface LogFields {
  readonly traceId?: string | undefined;
  readonly egg?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly runId?: string | undefined;
  readonly shard?: number | undefined;
  readonly server?: string | undefined;
  readonly projectId?: number | undefined;
  readonly jobId?: number | undefined;
  readonly commit?: string | undefined;
  readonly kind?: string | undefined;
  readonly key?: string | undefined;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly rule?: string | undefined;
  readonly state?: string | undefined;
  readonly count?: number | undefined;
  readonly attempt?: number | undefined;
  readonly status?: number | undefined;
  readonly method?: string | undefined;
  readonly route?: string | undefined;
  readonly url?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly waitedMs?: number | undefined;
  readonly pid?: number | undefined;
  readonly signal?: string | undefined;
  readonly path?: string | undefined;
  readonly line?: string | undefined;
  readonly version?: string | undefined;
  readonly error?: unknown;
}

/** error = a human must act; warn = healed itself or will retry; info = state changes; debug = the rest. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries `fields`. */
  with(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};
