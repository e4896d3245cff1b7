import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, deadline } from '@polar-gosling/kernel';
import { gitErrors } from '@polar-gosling/ports/git';

export interface GitCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly stdin?: string;
  /** Takes the output as it comes; what it throws ends the command. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Ended by the command's own timeout. */
  readonly isTimedOut: boolean;
}

export type RunGit = (command: GitCommand, options: { signal: AbortSignal }) => Promise<GitResult>;

const maxStdoutBytes = 1024 * 1024;
const maxStderrBytes = 16 * 1024;
const graceMs = 2_000;

/**
 * Runs Git without a shell in a process group of its own, so that its helpers (ssh, remote-https, index-pack) end
 * with it. An aborted signal ends the group and is thrown; the exit code is for the caller to judge.
 */
export function createGitRunner(deps: {
  binary: string;
  cwd: string;
  clock: Clock;
  /** What Git says of a failure goes into errors, rows and logs. */
  mask: (text: string) => string;
}): RunGit {
  return async (command, { signal }) => {
    signal.throwIfAborted();
    const ends = deadline(signal, command.timeoutMs);
    const child = spawn(deps.binary, command.args, {
      cwd: deps.cwd,
      env: command.env,
      detached: true,
      shell: false,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const outcome = await watch(child, { command, ends, clock: deps.clock });
    signal.throwIfAborted();
    if (outcome.failure) throw outcome.failure.error;
    const stderr = deps.mask(outcome.result.stderr);
    return { ...outcome.result, stderr, isTimedOut: ends.aborted };
  };
}

interface Outcome {
  readonly failure: { readonly error: unknown } | undefined;
  readonly result: Omit<GitResult, 'isTimedOut'>;
}

function watch(
  child: ChildProcess,
  options: { command: GitCommand; ends: AbortSignal; clock: Clock },
): Promise<Outcome> {
  const gone = new AbortController();
  const stdout = createHead(maxStdoutBytes);
  const stderr = createHead(maxStderrBytes);
  let failure: Outcome['failure'];
  const stop = () => endGroup(child, { clock: options.clock, gone: gone.signal });
  const take = (chunk: Buffer) => {
    if (failure) return;
    try {
      (options.command.onOutput ?? stdout.take)(chunk);
    } catch (error) {
      failure = { error };
      stop();
    }
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', stderr.take);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.command.stdin ?? '');
  options.ends.addEventListener('abort', stop, { once: true });
  return new Promise((resolve) => {
    const finish = (exitCode: number) => {
      gone.abort();
      options.ends.removeEventListener('abort', stop);
      resolve({ failure, result: { exitCode, stdout: stdout.text(), stderr: stderr.text() } });
    };
    child.on('error', (error) => {
      failure ??= { error: startFailure(error) };
      finish(-1);
    });
    child.on('close', (code) => finish(code ?? -1));
  });
}

/** Asks the whole group to end, then makes it. */
function endGroup(child: ChildProcess, options: { clock: Clock; gone: AbortSignal }): void {
  signalGroup(child, 'SIGTERM');
  options.clock.sleep(graceMs, options.gone).then(
    () => signalGroup(child, 'SIGKILL'),
    () => undefined,
  );
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** Keeps the first bytes of a stream. */
function createHead(maxBytes: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    take(chunk: Buffer): void {
      if (bytes < maxBytes) chunks.push(chunk.subarray(0, maxBytes - bytes));
      bytes += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

function startFailure(error: NodeJS.ErrnoException) {
  return error.code === 'ENOENT'
    ? gitErrors.missing({}, { cause: error })
    : gitErrors.failed({ what: 'start', reason: error.code ?? 'unknown' }, { cause: error });
}
