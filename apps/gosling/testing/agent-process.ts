import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache } from './cli.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const fakeRunner = fileURLToPath(new URL('./fake-gitlab-runner.mjs', import.meta.url));

/** One agent as a real process in a directory of its own. */
export interface AgentProcess {
  readonly directory: string;
  readonly process: ChildProcess;
  log(): string;
  exitCode(): Promise<number | null>;
  /** What the fake `gitlab-runner` shows from now on. */
  setJobs(jobs: object): Promise<void>;
  runnerPid(): Promise<number>;
  end(): Promise<void>;
}

export async function startAgent(options: {
  readonly url: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Without the fake: what this host has, else the simulator's runner. */
  readonly hasFakeRunner?: boolean;
  /** Of an earlier agent: this one goes on where that one stopped. */
  readonly directory?: string;
}): Promise<AgentProcess> {
  const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'gosling-agent-')));
  const binary = path.join(directory, 'gitlab-runner');
  await writeFile(binary, `#!/bin/sh\nexec "${process.execPath}" "${fakeRunner}" "$@"\n`);
  await chmod(binary, 0o755);
  const tokenFile = path.join(directory, 'token');
  if (options.directory === undefined) await writeFile(tokenFile, 'one-time-token-1\n', { mode: 0o600 });
  const args = ['--disable-warning=ExperimentalWarning', main, 'runner', '--runner-id', '01kbrunner'];
  const child = spawn(process.execPath, [...args, '--egg-name', 'my-app'], {
    cwd: directory,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: directory,
      NODE_COMPILE_CACHE: compileCache,
      GOSLING_URL: options.url,
      GOSLING_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...(options.hasFakeRunner === false ? {} : { GOSLING_GITLAB_RUNNER_BIN: binary }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk) => {
    log += chunk;
  });
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    directory,
    process: child,
    log: () => log,
    exitCode: () => exited,
    setJobs: (jobs) => writeFile(path.join(directory, 'jobs.json'), JSON.stringify(jobs)),
    runnerPid: async () => Number(await readFile(path.join(directory, 'fake.pid'), 'utf8')),
    async end() {
      child.kill('SIGKILL');
      await exited;
      await killQuietly(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function killQuietly(directory: string): Promise<void> {
  try {
    process.kill(Number(await readFile(path.join(directory, 'fake.pid'), 'utf8')), 'SIGKILL');
  } catch {
    // it has ended, or was never started
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
