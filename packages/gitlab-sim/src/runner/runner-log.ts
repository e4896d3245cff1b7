import type { Clock } from '@polar-gosling/kernel';

/** One JSON line per event, in gitlab-runner's field names. */
export type RunnerLog = (
  level: 'info' | 'warning' | 'error',
  msg: string,
  fields: Readonly<Record<string, string | number | undefined>>,
) => void;

export function createRunnerLog(clock: Clock, write: (line: string) => void): RunnerLog {
  return (level, msg, fields) =>
    write(`${JSON.stringify({ level, msg, ...fields, time: new Date(clock.now()).toISOString() })}\n`);
}

/** The nine characters of a token that may be shown. */
export function shortToken(token: string): string {
  return token.replace(/^glrtr?-(t\d_)?/, '').slice(0, 9);
}
