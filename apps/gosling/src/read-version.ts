import { execFile } from 'node:child_process';
import { deadline } from '@polar-gosling/kernel';

const patienceMs = 10_000;

/** What a program says of its version; `undefined` when it does not run. */
export function readVersionLine(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { signal: deadline(signal, patienceMs), maxBuffer: 64 * 1024 };
    execFile(program, [...args], options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}
