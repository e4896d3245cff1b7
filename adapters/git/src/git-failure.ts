import type { CodedError } from '@polar-gosling/kernel';
import { gitErrors } from '@polar-gosling/ports/git';

const absent = /couldn't find remote ref/i;
const denied =
  /permission denied|authentication failed|could not read (username|password)|returned error: 40[134]|repository .*not found|could not be found or you don't have permission|access denied/i;
const unknownHost = /host key verification failed|remote host identification has changed/i;
const noSpace = /no space left on device|disk quota exceeded/i;

/**
 * What a failed fetch means. Git has one exit code for all of it, so its English text is read, here and
 * nowhere else; what is not recognised counts as unreachable.
 */
export function toFetchError(
  stderr: string,
  at: { url: string; branch: string; timeoutMs?: number; learnedHosts?: string | undefined },
): CodedError {
  if (at.timeoutMs !== undefined) {
    return gitErrors.unreachable({ url: at.url, reason: `not done within ${at.timeoutMs / 1000} s` });
  }
  if (absent.test(stderr)) return gitErrors.emptyRepository({ url: at.url, branch: at.branch });
  if (noSpace.test(stderr)) return gitErrors.failed({ what: 'store the Nest', reason: 'the disk is full' });
  if (unknownHost.test(stderr)) {
    const fix = at.learnedHosts && `; if it was changed on purpose, remove its line from ${at.learnedHosts}`;
    const reason = `the key of the host is not the known one${fix ?? ''}`;
    return gitErrors.unreachable({ url: at.url, reason });
  }
  if (denied.test(stderr)) return gitErrors.denied({ url: at.url });
  return gitErrors.unreachable({ url: at.url, reason: reasonOf(stderr) });
}

/** The line that says most, without control characters and of a bounded length. */
export function reasonOf(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const telling = lines.find((line) => /^(ssh|fatal|error):/.test(line)) ?? lines.at(-1);
  return (telling ?? 'git gave no reason').slice(0, 300);
}
