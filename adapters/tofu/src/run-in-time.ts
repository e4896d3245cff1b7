import { execFile } from 'node:child_process';

/** Runs a short command without a shell; `undefined` when it could not be run, failed or took too long. */
export function runInTime(
  program: string,
  args: readonly string[],
  options: { env: Readonly<Record<string, string>>; timeoutMs: number; signal: AbortSignal },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { env, timeoutMs, signal } = options;
    execFile(
      program,
      args,
      { env, timeout: timeoutMs, killSignal: 'SIGKILL', signal, maxBuffer: 1024 * 1024 },
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  });
}
