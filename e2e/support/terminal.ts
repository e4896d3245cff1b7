import { spawn } from 'node:child_process';
import { until } from './world.ts';

/** A terminal in which a person types: bash in a process group of its own, ended by the first failing line. */
export interface Terminal {
  output(): string;
  /** Waits for a text on the screen; answers all that is there then. */
  shows(text: string, timeoutMs?: number): Promise<string>;
  /** What Ctrl-C does: SIGINT to everything in it. */
  interrupt(): void;
  /** The exit code of its last line. */
  ended(): Promise<number>;
}

export function startTerminal(script: string, at: { cwd: string; env: Record<string, string> }): Terminal {
  // `exec` would hide a mistake of ours: bash itself must live through Ctrl-C as a person's shell does.
  const child = spawn('bash', ['-e', '-c', script], {
    cwd: at.cwd,
    env: at.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  let isOver = false;
  void ended.then(() => (isOver = true));
  return {
    output: () => said,
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
      if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGINT');
    },
    ended: () => ended,
  };
}

/** Types a script and waits for its end; fails loudly when a line of it failed. */
export async function typed(
  script: string,
  at: { cwd: string; env: Record<string, string> },
): Promise<string> {
  const terminal = startTerminal(script, at);
  const code = await terminal.ended();
  if (code !== 0) throw new Error(`exit ${code} of:\n${script}\n${terminal.output()}`);
  return terminal.output();
}
