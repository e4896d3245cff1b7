import { execFile } from 'node:child_process';
import { deadline, isCoded } from '@polar-gosling/kernel';
import { cliErrors } from './cli-errors.ts';

const patienceMs = 30_000;

/** Output of `git -C DIRECTORY …`, without the last line end; `undefined` where git says no. */
export function askGit(
  directory: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { signal: deadline(signal, patienceMs), maxBuffer: 1024 * 1024 };
    execFile('git', ['-C', directory, ...args], options, (error, stdout) => {
      if (error === null) resolve(stdout.replace(/\n$/, ''));
      else if (error.code === 'ENOENT') {
        reject(cliErrors.missing({ what: 'git', fix: 'install it (2.30 or newer)' }, { cause: error }));
      } else if (signal.aborted) reject(isCoded(signal.reason) ? signal.reason : cliErrors.interrupted({}));
      else resolve(undefined);
    });
  });
}
