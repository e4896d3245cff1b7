import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '@polar-gosling/kernel';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { hardEndGuard } from './hard-end.ts';
import { interruptOnce } from './interrupt.ts';
import type { Output } from './output.ts';
import { readStartTime, signalQuietly } from './process-identity.ts';

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why we asked it to end, if we did. */
  readonly stoppedFor: 'signal' | 'hard end' | undefined;
}

export interface ToolProcess {
  readonly pid: number;
  readonly startTime: string;
  readonly done: Promise<ProcessEnd>;
}

export interface ToolCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly output: Output;
  /** Directory whose making decides who sends the one SIGINT. */
  readonly interruptMarker: string;
  readonly hardEndAt: number;
  readonly graceMs: number;
}

/**
 * Starts OpenTofu in a session of its own. Aborting `signal`, or coming near the hard end, sends one SIGINT to it
 * alone and then waits; at the hard end its whole group is killed, also if we are not there any more.
 */
export async function startTool(
  command: ToolCommand,
  clock: Clock,
  signal: AbortSignal,
): Promise<ToolProcess> {
  const { output } = command;
  const softEndAt = command.hardEndAt - command.graceMs;
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', hardEndGuard, 'gosling-guard'],
      ...[inSeconds(command.hardEndAt) + 1, inSeconds(softEndAt) + 1].map(String),
      ...[command.interruptMarker, command.program, ...command.args],
    ],
    {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', output.stdout.fd, output.stderr.fd],
    },
  );
  const { pid } = child;
  if (pid === undefined) {
    const [cause] = await once(child, 'error');
    throw tofuErrors.missing({ tried: `${command.program} could not be started` }, { cause });
  }
  const ended = once(child, 'exit');
  return {
    pid,
    startTime: readStartTime(pid) ?? '',
    done: watch({ pid, ended, command, softEndAt, clock, signal }),
  };
}

async function watch(watched: {
  pid: number;
  ended: Promise<unknown[]>;
  command: ToolCommand;
  softEndAt: number;
  clock: Clock;
  signal: AbortSignal;
}): Promise<ProcessEnd> {
  const { pid, ended, command, clock, signal } = watched;
  const finished = new AbortController();
  let stoppedFor: ProcessEnd['stoppedFor'];
  const stop = (why: NonNullable<ProcessEnd['stoppedFor']>) => {
    if (stoppedFor !== undefined) return;
    stoppedFor = why;
    interruptOnce(pid, command.interruptMarker);
  };
  const onAbort = () => stop('signal');
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const timers = [
    at(watched.softEndAt, () => stop('hard end')),
    at(command.hardEndAt, () => {
      stoppedFor ??= 'hard end';
      signalQuietly(-pid, 'SIGKILL');
    }),
  ];
  try {
    const [code, killedBy] = await ended;
    // The guard would see it within a second. What a killed one ran (a start command) is left to end by itself.
    if (killedBy === null) signalQuietly(-pid, 'SIGKILL');
    return {
      code: typeof code === 'number' ? code : null,
      signal: typeof killedBy === 'string' ? (killedBy as NodeJS.Signals) : null,
      stoppedFor,
    };
  } finally {
    signal.removeEventListener('abort', onAbort);
    finished.abort();
    await Promise.all(timers);
  }

  async function at(timeMs: number, action: () => void): Promise<void> {
    try {
      await clock.sleep(Math.max(0, timeMs - clock.now()), finished.signal);
    } catch {
      return; // it ended before
    }
    action();
  }
}

function inSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
