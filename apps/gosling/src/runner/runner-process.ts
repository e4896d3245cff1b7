import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Told } from './agent-model.ts';
import type { RunnerBinary } from './runner-binary.ts';

export interface RunnerProcess {
  readonly pid: number | undefined;
  tell(told: Exclude<Told, 'nothing'>): void;
}

export interface RunnerProcessOptions {
  readonly binary: RunnerBinary;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Where it writes stdout and stderr. */
  readonly logFile: string;
  /** Once, whatever the end: an exit, a signal, or a program that could not be started. */
  onExit(reason: string): void;
}

const signals = { quit: 'SIGQUIT', term: 'SIGTERM', kill: 'SIGKILL' } as const;

/**
 * Ends the runner when we are gone: its stdin reaches its end with our process, however that ends. A line on it
 * says that there is nothing left to watch.
 */
const watchdog = `
read -r _ && exit 0
kill -TERM "$1" 2>/dev/null || exit 0
n=0
while [ $n -lt 40 ]; do sleep 0.5; kill -0 "$1" 2>/dev/null || exit 0; n=$((n+1)); done
kill -KILL "$1" 2>/dev/null`;

/**
 * Starts `gitlab-runner` in a session of its own: a signal for our process group is ours to translate, never the
 * runner's to obey.
 */
export function startRunnerProcess(options: RunnerProcessOptions): RunnerProcess {
  const { binary, env, cwd } = options;
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(binary.program, [...binary.prefix, ...options.args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // Our own work keeps this process, never the child: an agent whose work is over must not stay as one that nobody
  // hears. The watchdog then ends the runner.
  child.unref();
  const guard = child.pid === undefined ? undefined : startWatchdog(child.pid, options);
  onceEnded(child, (reason) => {
    guard?.stdin?.end('done\n');
    options.onExit(reason);
  });
  return {
    pid: child.pid,
    // Only the main process: its helpers carry the same name and end with it.
    tell: (told) => {
      child.kill(signals[told]);
    },
  };
}

function startWatchdog(pid: number, { env }: RunnerProcessOptions): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', watchdog, 'gosling-watchdog', String(pid)], {
    detached: true,
    env,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined); // no shell here: then the machine's own end is all there is
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  return guard;
}

function onceEnded(child: ChildProcess, onEnd: (reason: string) => void): void {
  let hasEnded = false;
  const end = (reason: string) => {
    if (hasEnded) return;
    hasEnded = true;
    onEnd(reason);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
}
