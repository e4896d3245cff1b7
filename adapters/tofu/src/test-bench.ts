// What the tests of this package share; nothing else imports it.
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createSystemClock,
  type LogFields,
  type Logger,
  pollUntil,
  Secret,
  silentLogger,
} from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import type { RunnerEntry, Tofu, TofuEvent, TofuRun, TofuWanted } from '@polar-gosling/ports/tofu';
import { computeDirectory } from './compute-module.ts';
import { createTofu, type TofuOptions } from './create-tofu.ts';
import { isRunning, readStartTime, signalQuietly } from './process-identity.ts';
import { createStateEncryption } from './state-keys.ts';

export const clock = createSystemClock();
export const never: AbortSignal = new AbortController().signal;

/** The OpenTofu to test with: POLAR_TOFU, the one built by scripts/engines/get-tofu.sh, else terraform on PATH. */
export function findTestTofu(): string | undefined {
  // biome-ignore lint/style/noProcessEnv: POLAR_* names are for tests only
  const env = process.env;
  const cache = env['POLAR_CACHE'] ?? join(homedir(), '.cache', 'polar-gosling');
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'terraform'));
  const candidates = [env['POLAR_TOFU'], join(cache, 'bin', 'tofu-1.12.6'), ...onPath];
  return candidates.find((path) => path !== undefined && isExecutable(path));
}

/** The directory of providers that one of `scripts/engines` builds; `undefined`: no Go, or its modules cannot be had. */
export function builtProviders(script: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../scripts/engines/${script}`, import.meta.url));
  try {
    return execFileSync('bash', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

export const noTofuReason = 'no OpenTofu: run scripts/engines/get-tofu.sh, or set POLAR_TOFU';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // the next one
  }
}

/** A living stand-in for the agent: tells what it was given and stays. It ends on SIGTERM unless told not to. */
const agentText = `
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
if (process.env.LANG === 'stubborn') {
  process.on('SIGTERM', () => {});
  spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
}
writeFileSync(process.env.HOME + '/seen.json', JSON.stringify({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd() }));
setInterval(() => {}, 1000);
`;

const ring = new Secret('{"active":"k1","keys":{"k1":"a-passphrase-of-tests"}}');
/** The same in every process of a test. */
export const encryption = createStateEncryption({ ...createMemorySecrets(), read: async () => ring });

export interface Bench extends AsyncDisposable {
  readonly dir: string;
  readonly dataDir: string;
  readonly tofu: Tofu;
  /** Another view on the same data directory, as after a restart. */
  reopen(changes?: Partial<TofuOptions>): Tofu;
  /** What a started agent wrote about itself. */
  seen(runnerId: string): Promise<{ argv: string[]; env: Record<string, string>; cwd: string }>;
  record(runnerId: string): {
    pid: number;
    start_time: string;
    boot_id: string;
    egg: string;
    runner_id: string;
  };
}

export function createBench(
  program: string,
  { agentEnv = {}, ...changes }: Partial<TofuOptions> & { agentEnv?: Record<string, string> } = {},
): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'tofu-test-'));
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const agent = join(dir, 'agent.mjs');
  writeFileSync(agent, agentText);
  const reopen = (more: Partial<TofuOptions> = {}) =>
    createTofu({
      dataDir,
      clock,
      logger: silentLogger,
      encryption,
      find: { bin: program, environment: { PATH: '/usr/local/bin:/usr/bin:/bin' }, allowTerraform: true },
      launcher: { agentCommand: [process.execPath, agent], env: agentEnv },
      ...changes,
      ...more,
    });
  const runnerDir = (runnerId: string) => join(dataDir, 'local-runners', runnerId);
  return {
    dir,
    dataDir,
    tofu: reopen(),
    reopen,
    seen: (runnerId) =>
      eventually(() => readJson(join(runnerDir(runnerId), 'seen.json')), 'the agent to tell'),
    record: (runnerId) => readJson(join(runnerDir(runnerId), 'runner.json')) as ReturnType<Bench['record']>,
    async [Symbol.asyncDispose]() {
      for (const runId of listNames(join(dataDir, 'runs'))) {
        const recorded = readJson(join(dataDir, 'runs', runId, 'process.json'));
        if (recorded !== undefined && isRunning(recorded)) signalQuietly(-recorded.pid, 'SIGKILL');
      }
      for (const id of listNames(join(dataDir, 'local-runners'))) {
        const record = readJson(join(runnerDir(id), 'runner.json')) as
          | { pid: number; start_time: string }
          | undefined;
        if (record === undefined || readStartTime(record.pid) !== record.start_time) continue;
        signalQuietly(-record.pid, 'SIGKILL');
        await eventually(
          () => (readStartTime(record.pid) === undefined ? true : undefined),
          'the agent to end',
        );
      }
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * A copy of the compute module whose launcher waits while the data directory holds a file `hold`: an apply that is
 * in the middle of its work for as long as a test needs it.
 */
export function copyComputeWithHold(dir: string): string {
  const copy = join(dir, 'compute');
  cpSync(computeDirectory, copy, { recursive: true });
  const launcher = join(copy, 'local', 'launcher.mjs');
  const hold = `
import { existsSync as isHeld } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
while (isHeld(process.env.GOSLING_DATA_DIR + '/hold')) await pause(20);
`;
  writeFileSync(launcher, hold + readFileSync(launcher, 'utf8'));
  return copy;
}

/** A stand-in for OpenTofu that plans nothing and whose \`apply\` is the given shell text. */
export function writeFakeTofu(dir: string, apply: string, plan = 'exit 0'): string {
  const path = join(dir, 'fake-tofu');
  const text = `#!/bin/sh
case $1 in
  version) echo 'OpenTofu v1.12.6' ;;
  init) mkdir -p .terraform ;;
  plan) ${plan} ;;
  show) echo '{"format_version":"1.2","resource_changes":[]}' ;;
  apply) ${apply} ;;
esac
`;
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

/** Waits, within a bound, until `check` answers something. */
export function eventually<Found>(
  check: () => Found | undefined | Promise<Found | undefined>,
  what: string,
  timeoutMs = 20_000,
): Promise<Found> {
  return pollUntil(check, { clock, everyMs: 20, timeoutMs, what, signal: never });
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into what was written
export function readJson(path: string): any {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // not written yet
  }
}

/** What is in a folder, but for file locks, which stay. */
export function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path).filter((name) => !/^\..*\.lock$|^\.lock$/.test(name));
  } catch {
    return []; // not made yet
  }
}

export function anEntry(changes: Partial<RunnerEntry> & { runner_id: string }): RunnerEntry {
  return {
    egg_name: 'web',
    name: `web-${changes.runner_id}`,
    provider: 'local',
    type: 'vm',
    gosling_url: 'http://127.0.0.1:8080',
    bootstrap_token: `bt-${changes.runner_id}`,
    cpu: 2,
    memory_mib: 4096,
    disk_gib: 20,
    tags: {},
    ...changes,
  };
}

export function wants(entries: readonly RunnerEntry[], shard = 0): TofuWanted {
  return {
    egg: 'web',
    shard,
    provider: 'local',
    region: 'local',
    entries: new Map(entries.map((entry) => [entry.runner_id, JSON.stringify(entry)])),
  };
}

export interface OpenedRun {
  readonly run: TofuRun;
  readonly runId: string;
  readonly events: TofuEvent[];
  readonly pids: number[];
}

let runs = 0;

export async function openRun(
  tofu: Tofu,
  wanted: TofuWanted,
  options: {
    runId?: string;
    hardEndAt?: number;
    onEvent?: (event: TofuEvent) => void;
    savedPlan?: Uint8Array | undefined;
  } = {},
): Promise<OpenedRun> {
  const events: TofuEvent[] = [];
  const pids: number[] = [];
  const runId = options.runId ?? `run-${++runs}`;
  const run = await tofu.open(
    {
      runId,
      wanted,
      hardEndAt: options.hardEndAt ?? clock.now() + 120_000,
      onEvent(event) {
        events.push(event);
        options.onEvent?.(event);
      },
      onProcess: (pid) => pids.push(pid),
      ...(options.savedPlan && { savedPlan: options.savedPlan }),
    },
    { signal: never },
  );
  return { run, runId, events, pids };
}

/** Plans and applies in one go, as the engine does when the guard has nothing against it. */
export async function bring(tofu: Tofu, wanted: TofuWanted) {
  const { run, events } = await openRun(tofu, wanted);
  try {
    const plan = await run.plan({ signal: never });
    const outcome = plan.hasChanges ? await run.apply({ signal: never }) : undefined;
    return { plan, outcome, events, log: Buffer.from(run.log()).toString('utf8') };
  } finally {
    await run.dispose();
  }
}

/** A logger that keeps its lines. */
export function createKeepingLogger(): {
  logger: Logger;
  lines: { message: string; fields: LogFields | undefined }[];
} {
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const keep = (message: string, fields?: LogFields) => void lines.push({ message, fields });
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, with: () => logger };
  return { logger, lines };
}
