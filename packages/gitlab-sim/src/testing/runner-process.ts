import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simRunnerPath } from '../runner/sim-runner-path.ts';

export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly directory: string;
  /** Address of metrics and job list. */
  readonly statusUrl: string;
  /** JSON lines written so far. */
  lines(): { level: string; msg: string; [key: string]: unknown }[];
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Ends it if it still runs, and removes its files. */
  dispose(): Promise<void>;
}

export interface RunnerSetup {
  readonly url: string;
  readonly token: string;
  readonly globals?: string;
  readonly entry?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the simulator's runner as a real process with a configuration of its own. */
export function startRunner(setup: RunnerSetup): RunnerProcess {
  const directory = mkdtempSync(join(tmpdir(), 'sim-runner-'));
  const config = join(directory, 'config.toml');
  const port = 20_000 + (process.pid % 10_000) + nextPort++;
  writeFileSync(
    config,
    `concurrent = 2
check_interval = 1
listen_address = "127.0.0.1:${port}"
${setup.globals ?? ''}
[[runners]]
name = "test"
url = "${setup.url}"
token = "${setup.token}"
executor = "shell"
${setup.entry ?? ''}
`,
    { mode: 0o600 },
  );
  const args = ['run', '--config', config, '--working-directory', directory, ...(setup.args ?? [])];
  const child = spawn(process.execPath, [simRunnerPath(), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: setup.env ?? {},
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  return {
    child,
    directory,
    statusUrl: `http://127.0.0.1:${port}`,
    lines: () =>
      log
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    exited,
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

let nextPort = 0;
