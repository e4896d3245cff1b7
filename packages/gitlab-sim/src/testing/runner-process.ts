import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock, pollUntil } from '@polar-gosling/kernel';
import { simRunnerPath } from '../runner/sim-runner-path.ts';

export interface RunnerLine {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly directory: string;
  /** Fetches one of the pages on `listen_address`, as soon as it listens. */
  page(path: string): Promise<Response>;
  /** JSON lines written so far. */
  lines(): RunnerLine[];
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
  writeFileSync(
    config,
    `concurrent = 2
check_interval = 1
listen_address = "127.0.0.1:0"
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
  const lines = (): RunnerLine[] =>
    log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  return {
    child,
    directory,
    lines,
    exited,
    async page(path) {
      const address = await pollUntil(
        () => lines().find(({ msg }) => msg === 'Metrics server listening')?.['listen_address'],
        {
          clock: createSystemClock(),
          everyMs: 20,
          timeoutMs: 10_000,
          what: 'the metrics server',
          signal: new AbortController().signal,
        },
      );
      return fetch(`http://${address}${path}`);
    },
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
