import { type ChildProcess, spawn } from 'node:child_process';
import { until } from './world.ts';

/** Is what runs connected to a terminal, or piped into a file? */
export type Screen = 'pipe' | 'tty';

/** A terminal in which a person types: bash in a process group of its own, ended by the first failing line. */
export interface Terminal {
  /** All that is on the screen. */
  output(): string;
  /** What went to stdout. */
  data(): string;
  /** Waits for a text on the screen; answers all that is there then. */
  shows(text: string, timeoutMs?: number): Promise<string>;
  /** Ctrl-C. */
  interrupt(): void;
  /** The exit code of its last line. */
  ended(): Promise<number>;
}

interface Place {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly screen?: Screen;
}

export function startTerminal(script: string, at: Place): Terminal {
  const child = at.screen === 'tty' ? startOnTty(script, at) : startPiped(script, at);
  let said = '';
  let data = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
    data += chunk;
  });
  child.stderr?.on('data', (chunk) => (said += chunk));
  let isOver = false;
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true;
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
  return {
    output: () => said,
    data: () => data,
    shows: (text, timeoutMs) =>
      until(
        `the terminal shows ${text}`,
        () => {
          if (said.includes(text)) return said;
          if (isOver) throw new Error(`it ended without "${text}":\n${said.slice(-4_000)}`);
          return undefined;
        },
        timeoutMs,
      ),
    interrupt: () => {
      if (isOver || child.pid === undefined) return;
      if (at.screen === 'tty') child.stdin?.write('\u0003');
      else process.kill(-child.pid, 'SIGINT');
    },
    ended: () => ended,
  };
}

function startPiped(script: string, { cwd, env }: Place): ChildProcess {
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
  return spawn('bash', ['-e', '-c', script], { cwd, env, detached: true, stdio });
}

/** `script` opens a terminal of its own and sends it what we write: Ctrl-C becomes a signal there, by itself. */
function startOnTty(script: string, { cwd, env }: Place): ChildProcess {
  const line = `stty columns 120 rows 40; exec bash -e -c '${script.replaceAll("'", "'\\''")}'`;
  const terminal = { SHELL: '/bin/bash', TERM: 'xterm-256color' };
  return spawn('script', ['-qec', line, '/dev/null'], { cwd, env: { ...env, ...terminal }, stdio: 'pipe' });
}

/** Types a script and waits for its end; fails loudly when a line of it failed. */
export async function typed(script: string, at: Place): Promise<string> {
  const terminal = startTerminal(script, at);
  const code = await terminal.ended();
  if (code !== 0) throw new Error(`exit ${code} of:\n${script}\n${terminal.output()}`);
  return terminal.output();
}
