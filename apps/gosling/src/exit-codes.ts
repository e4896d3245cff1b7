import { isCoded } from '@polar-gosling/kernel';

/** What a script may rely on; the only table of exit codes. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Changes are present; only where a command was asked for it. */
  changes: 2,
  /** Invalid Fly, or refused by a policy. */
  invalid: 3,
  notAllowed: 4,
  notFound: 5,
  /** Conflict, or locked by another. */
  conflict: 6,
  /** Timed out; the work may still be going on. */
  timedOut: 7,
  partly: 8,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byStatus: Readonly<Record<number, ExitCode>> = {
  401: exitCodes.notAllowed,
  403: exitCodes.notAllowed,
  404: exitCodes.notFound,
  408: exitCodes.timedOut,
  409: exitCodes.conflict,
  422: exitCodes.invalid,
  423: exitCodes.conflict,
  504: exitCodes.timedOut,
};

/** The exit code of a failure, by its code or its HTTP status. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!isCoded(error)) return exitCodes.failed;
  if (error.code === 'CLI_USAGE') return exitCodes.usage;
  if (error.code === 'CLI_INTERRUPTED') return exitCodes.interrupted;
  // What the server said, where it is the server's refusal that we carry.
  const status = error.code.startsWith('API_') ? Number(error.params['status'] ?? error.http) : error.http;
  return byStatus[status] ?? exitCodes.failed;
}
