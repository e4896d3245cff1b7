import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '@polar-gosling/kernel';
import type { JobUser } from './job-user.ts';

export interface StepRun {
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: JobUser | undefined;
  readonly clock: Clock;
  onOutput(output: Buffer): void;
  /** Ends the step: SIGTERM to its process group, SIGKILL after a grace. */
  readonly signal: AbortSignal;
}

export type StepResult =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'not_started'; readonly error: unknown };

const graceMs = 2_000;
const drainMs = 500;
const bash = '/bin/bash';

/**
 * Starts the step in a new session. Descriptor 3 is a pipe that only this process holds: when it dies, however it
 * dies, a watcher in the session kills the whole process group, so no job outlives its runner. The script comes by
 * stdin: it is in no process list, and may be of any length.
 */
const launcher = `(command -p cat <&3; kill -s KILL -- -$$) >/dev/null 2>&1 & exec 3<&-
exec "$0" -c 'eval "$(command -p cat)"'`;

/** Runs one step to its end; afterwards nothing of its process group is left. */
export async function runStep(step: StepRun): Promise<StepResult> {
  const shell = existsSync(bash) ? bash : '/bin/sh';
  const child = spawn('/bin/sh', ['-c', launcher, shell], {
    cwd: step.cwd,
    env: step.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(step.user !== undefined && { uid: step.user.uid, gid: step.user.gid }),
  });
  child.stdout?.on('data', step.onOutput);
  child.stderr?.on('data', step.onOutput);
  // A script that ends before its stdin was read is no failure of ours.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`set -e${shell === bash ? 'o pipefail' : ''}\n${step.script}\n`);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const result = new Promise<StepResult>((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not_started', error }));
    child.once('exit', (code, signal) => resolve({ kind: 'exited', code: code ?? signalCode(signal) }));
  });
  const stopped = new AbortController();
  const stop = () => void endGroup(child, step.clock, stopped.signal);
  if (step.signal.aborted) stop();
  step.signal.addEventListener('abort', stop, { once: true });
  const outcome = await result;
  step.signal.removeEventListener('abort', stop);
  stopped.abort();
  killGroup(child, 'SIGKILL');
  await drain(child, closed, step.clock);
  return outcome;
}

async function endGroup(child: ChildProcess, clock: Clock, ended: AbortSignal): Promise<void> {
  killGroup(child, 'SIGTERM');
  // Rejects when the step ended in time: nothing is left to kill.
  await clock.sleep(graceMs, ended).then(
    () => killGroup(child, 'SIGKILL'),
    () => undefined,
  );
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}

/** Takes what is still in the pipes; a process that left the session must not hold up the job. */
async function drain(child: ChildProcess, closed: Promise<void>, clock: Clock): Promise<void> {
  const end = new AbortController();
  const tooLate = clock.sleep(drainMs, end.signal).then(
    () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    () => undefined,
  );
  if (child.pid !== undefined) await closed;
  end.abort();
  await tooLate;
  for (const stream of child.stdio) stream?.destroy();
}

function signalCode(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 137 : 143;
}
