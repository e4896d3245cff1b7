import { join } from 'node:path';
import { type Clock, isCoded, type Logger, linkAbort } from '@polar-gosling/kernel';
import { gitErrors, type NestCommit, type NestRemote } from '@polar-gosling/ports/git';
import { openFetchSession, removeOldSessions } from './fetch-session.ts';
import { toFetchError } from './git-failure.ts';
import type { GitResult, RunGit } from './git-process.ts';
import { hardenedArgs } from './hardened.ts';
import type { GitLimits } from './limits.ts';
import { checkBranch, type NestUrl, parseNestUrl } from './nest-url.ts';
import type { Repository } from './repository.ts';
import { chooseAddress, type Resolve } from './resolve-host.ts';

const headRef = 'refs/gosling/head';
const watchMs = 250;

export interface FetchDeps {
  readonly dir: string;
  readonly run: RunGit;
  readonly env: Readonly<Record<string, string>>;
  readonly repository: Repository;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly allowFile: boolean;
  readonly allowPrivate: boolean;
  readonly sshBinary: string;
  readonly resolve: Resolve;
}

interface Remote {
  readonly url: NestUrl;
  /** Where keys of hosts are learned; absent: the given ones count. */
  readonly learnedHosts: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Fetches the whole history of one branch: reading `.fly` and asking for ancestors then need no network and no
 * key. A partial or shallow clone would need both again. The disk limit stands against big repositories.
 */
export async function fetchNest(
  deps: FetchDeps,
  remote: NestRemote,
  signal: AbortSignal,
): Promise<NestCommit> {
  const url = parseNestUrl(remote.url, deps);
  const wanted = remote.branch === undefined ? undefined : checkBranch(remote.branch);
  const address = await addressOf(deps, url);
  await deps.repository.ensure(signal);
  await removeOldSessions(deps.dir, {
    nowMs: deps.clock.now(),
    olderThanMs: 2 * deps.limits.fetchTimeoutMs,
  });
  const { dir, sshBinary } = deps;
  await using session = await openFetchSession({ dir, remote, url, address, sshBinary });
  const learnedHosts = remote.knownHosts === undefined ? join(dir, 'known_hosts') : undefined;
  const at: Remote = { url, learnedHosts, env: { ...deps.env, ...session.env } };
  const branch = wanted ?? (await headBranch(deps, at, signal));
  await fetchBranch(deps, { ...at, branch }, signal);
  return { ...(await readHead(deps, signal)), branch };
}

/** Behind a proxy a name may be unknown here; then the proxy looks it up. */
async function addressOf(deps: FetchDeps, url: NestUrl): Promise<string | undefined> {
  if (url.protocol === 'file') return undefined;
  const isProxied = url.protocol === 'https' && hasProxy(deps.env);
  try {
    return await chooseAddress({ host: url.host, url: url.text }, deps);
  } catch (error) {
    if (isProxied && isCoded(error, 'GIT_UNREACHABLE')) {
      return undefined;
    }
    throw error;
  }
}

function hasProxy(env: Readonly<Record<string, string>>): boolean {
  return ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].some((name) => env[name] !== undefined);
}

async function headBranch(deps: FetchDeps, at: Remote, signal: AbortSignal): Promise<string> {
  const result = await overNetwork(
    deps,
    { ...at, args: ['ls-remote', '--symref', '--', at.url.text, 'HEAD'] },
    signal,
  );
  if (result.exitCode !== 0) throw fetchError(deps, { ...at, branch: 'HEAD' }, result);
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(result.stdout)?.[1];
  if (branch !== undefined) return checkBranch(branch);
  if (result.stdout.trim() === '') {
    throw gitErrors.emptyRepository({ url: at.url.text, branch: 'its default branch' });
  }
  throw gitErrors.refusedUrl({ reason: 'its HEAD names no branch: say which branch holds the Nest' });
}

async function fetchBranch(
  deps: FetchDeps,
  at: Remote & { branch: string },
  signal: AbortSignal,
): Promise<void> {
  const args = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--',
    at.url.text,
    `+refs/heads/${at.branch}:${headRef}`,
  ];
  const isTooBig = () => exceeds(deps);
  if (await isTooBig()) {
    deps.logger.info('the local copy of the Nest is over its limit and is fetched anew', { path: deps.dir });
    await renew(deps, signal);
  }
  const result = await watched(deps, { ...at, args }, signal);
  if (result === 'too big' || (await isTooBig())) {
    await renew(deps, signal);
    throw gitErrors.tooBig({ what: 'its history', limit: `${deps.limits.maxDiskBytes} bytes` });
  }
  if (result.exitCode !== 0) throw fetchError(deps, at, result);
}

/** Runs the fetch and, beside it, a look at the disk that ends it at the limit. */
async function watched(
  deps: FetchDeps,
  command: Remote & { args: readonly string[] },
  signal: AbortSignal,
): Promise<GitResult | 'too big'> {
  const work = linkAbort(signal);
  const watch = linkAbort(signal);
  const watching = watchSize(deps, watch.signal).then(
    () => {
      work.abort();
      return true;
    },
    () => false,
  );
  try {
    return await overNetwork(deps, command, work.signal);
  } catch (error) {
    if (work.signal.aborted && !signal.aborted && (await watching)) return 'too big';
    throw error;
  } finally {
    watch.abort();
    await watching;
  }
}

/** Resolves when the limit is passed; rejects with the signal. */
async function watchSize(deps: FetchDeps, signal: AbortSignal): Promise<void> {
  do {
    await deps.clock.sleep(watchMs, signal);
  } while (!(await exceeds(deps)));
}

async function exceeds(deps: FetchDeps): Promise<boolean> {
  return (await deps.repository.sizeBytes()) > deps.limits.maxDiskBytes;
}

async function renew(deps: FetchDeps, signal: AbortSignal): Promise<void> {
  await deps.repository.wipe();
  await deps.repository.ensure(signal);
}

function overNetwork(
  deps: FetchDeps,
  command: Remote & { args: readonly string[] },
  signal: AbortSignal,
): Promise<GitResult> {
  const args = [...hardenedArgs, ...command.args];
  return deps.run({ args, env: command.env, timeoutMs: deps.limits.fetchTimeoutMs }, { signal });
}

function fetchError(deps: FetchDeps, at: Remote & { branch: string }, result: GitResult) {
  const timeout = result.isTimedOut ? { timeoutMs: deps.limits.fetchTimeoutMs } : {};
  const { branch, learnedHosts } = at;
  return toFetchError(result.stderr, { url: at.url.text, branch, learnedHosts, ...timeout });
}

async function readHead(
  deps: FetchDeps,
  signal: AbortSignal,
): Promise<{ commit: string; committedAt: number }> {
  const args = [...hardenedArgs, 'log', '-1', '--no-show-signature', '--format=%H %ct', headRef, '--'];
  const timeoutMs = deps.limits.localTimeoutMs;
  const { stdout } = await deps.run({ args, env: deps.env, timeoutMs }, { signal });
  const [commit = '', seconds = ''] = stdout.trim().split(' ');
  if (commit === '') throw gitErrors.failed({ what: 'name the fetched commit', reason: 'it is not there' });
  return { commit, committedAt: Number(seconds) * 1000 };
}
