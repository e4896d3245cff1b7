import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGitlabSim, type GitlabSim, type GitlabSimOptions } from '@polar-gosling/gitlab-sim';
import { createSystemClock, Secret } from '@polar-gosling/kernel';
import { nestTree } from '@polar-gosling/nest';
import { openLocalSecrets } from '@polar-gosling/wiring';
import { type CanaryWatch, watchCanaries } from './canary.ts';
import { freePort } from './free-port.ts';
import { findTestTofu } from './tofu.ts';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'apps/gosling/src/main.ts');

/** A simulated GitLab, a Nest as a real bare repository, and room for a `gosling up` of its own process. */
export interface World {
  readonly dir: string;
  readonly dataDir: string;
  readonly sim: GitlabSim;
  readonly gitlabUrl: string;
  readonly server: string;
  readonly apiToken: string;
  readonly nest: { readonly bare: string; readonly tree: string };
  /** Environment of every gosling process of this world. */
  readonly env: Record<string, string>;
  /** Writes, commits and pushes files of the Nest (`undefined` removes); answers the commit. */
  pushNest(files: Readonly<Record<string, string | undefined>>, message?: string): Promise<string>;
  /** Runs the CLI to its end. */
  cli(
    args: readonly string[],
    options?: { stdin?: string; env?: Record<string, string> },
  ): Promise<CliResult>;
  /** Starts `gosling up`, on another data directory or as another user where told; resolves when it answers. */
  up(env?: Record<string, string>, user?: { uid: number; gid: number }): Promise<Running>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers
  api(path: string, init?: RequestInit): Promise<{ status: number; body: any }>;
  /** Looks on; what it has found at the end fails `remove`. */
  readonly canaries: CanaryWatch;
  /** Ends everything that was started and removes the folder. */
  remove(): Promise<void>;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  log(): string;
  /** As the world's, of this instance. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers
  api(path: string, init?: RequestInit): Promise<{ status: number; body: any }>;
  /** Ends it; answers its exit code (`undefined`: by the signal). */
  kill(signal: NodeJS.Signals): Promise<number | undefined>;
}

/** Whatever container engine this machine may have: runners in it have tests of their own. */
const localProcesses = { GOSLING_UNSAFE_LOCAL: '1', GOSLING_LOCAL_RUNNERS: 'process' };

export async function createWorld(options: GitlabSimOptions = {}): Promise<World> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'gosling-e2e-')));
  const sim = createGitlabSim({ jobSilenceMs: 6_000, ...options });
  const { url } = await sim.listen({ host: '127.0.0.1', port: 0 });
  sim.addUser({ username: 'ada' });
  const apiToken = sim.addToken({ user: 'ada', scopes: ['api'] });
  const nest = { bare: join(dir, 'nest.git'), tree: join(dir, 'nest') };
  const dataDir = join(dir, 'data');
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    GOSLING_DATA_DIR: dataDir,
    GOSLING_NEST_URL: `file://${nest.bare}`,
    // The same port at every start: runners go on and must find it again.
    GOSLING_LISTEN: `127.0.0.1:${await freePort()}`,
    GOSLING_TOFU_BIN: findTestTofu(),
    ...localProcesses,
    GOSLING_LOG_LEVEL: 'debug',
    ...pace({}),
    NODE_COMPILE_CACHE: join(root, '.cache/node'),
    NO_COLOR: '1',
  };
  const running = new Set<Running>();
  const canaries = watchCanaries({ dir });
  await git(dir, 'init', '--quiet', '--bare', '--initial-branch=main', nest.bare);
  await git(dir, 'clone', '--quiet', nest.bare, nest.tree);
  const world: World = {
    dir,
    dataDir,
    sim,
    gitlabUrl: url,
    server: new URL(url).host,
    apiToken,
    nest,
    env,
    pushNest: (files, message = 'change') => pushNest(nest.tree, files, message),
    async cli(args, given = {}) {
      const result = await cli(args, { env: { ...env, ...given.env }, cwd: dir, stdin: given.stdin });
      canaries.note(
        `the output of gosling ${args.slice(0, 2).join(' ')}`,
        `${result.stdout}\n${result.stderr}`,
      );
      return result;
    },
    up: async (more = {}, user = undefined) => {
      const started = await startUp({ ...env, ...more }, user);
      running.add(started);
      return started;
    },
    api: (path, init) => callApi(dataDir, path, init),
    canaries,
    async remove() {
      for (const one of running) await one.kill('SIGTERM');
      await stopLocalRunners(dataDir);
      await sim.close();
      for (const one of running) canaries.note('the log of gosling up', one.log());
      await endFolder(dir, canaries);
    },
  };
  await world.pushNest(
    Object.fromEntries(nestTree({ cloud: 'local' }).map(({ path, text }) => [path, text])),
    'init',
  );
  const secrets = openLocalSecrets({ dataDir, clock: createSystemClock() });
  const reference = `gitlab/${world.server.replaceAll(':', '_')}/default/api-token`;
  await secrets.write(reference, new Secret(apiToken), { signal: AbortSignal.timeout(10_000) });
  return world;
}

/** Each secret of each world is a planted canary: whatever the test was about, none may be seen outside its place. */
export async function endFolder(dir: string, canaries: CanaryWatch): Promise<void> {
  const leaks = await canaries.findings();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  if (leaks.length > 0) throw new Error(`secrets were seen in clear: ${leaks.join('; ')}`);
}

/** Environment that makes things happen more often than by default. */
export function pace(
  given: Partial<Record<'heartbeatMs' | 'syncEveryMs' | 'sweepEveryMs' | 'pruneEveryMs', number>>,
): Record<string, string> {
  const usual = { heartbeatMs: 5_000, syncEveryMs: 1_000, pruneEveryMs: 1_000 };
  return { POLAR_PACE: JSON.stringify({ ...usual, ...given }) };
}

/** Environment by which GitLab reaches the control plane: webhook mode. */
export function publicHere(world: Pick<World, 'env'>): Record<string, string> {
  return { GOSLING_PUBLIC_URL: `http://${world.env['GOSLING_LISTEN']}` };
}

/** Fly text of a local Egg. */
export function localEgg(
  world: Pick<World, 'server' | 'gitlabUrl'>,
  egg: { name: string; projectId: number; tags?: readonly string[]; runner?: string; body?: string },
): string {
  const tags = (egg.tags ?? []).map((tag) => JSON.stringify(tag)).join(', ');
  return `egg "${egg.name}" {
  type = "vm"

  cloud {
    provider = "local"
    region   = "here"
  }

  runner {
    tags     = [${tags}]
    executor = "shell"
${egg.runner ?? '    concurrent   = 2\n    idle_timeout = "30s"'}
  }

  gitlab {
    server     = "${world.server}"
    url        = "${world.gitlabUrl}"
    project_id = ${egg.projectId}
  }
${egg.body ?? ''}}
`;
}

export async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  const { stdout } = await run('git', [...identity, ...args], { cwd });
  return stdout.trim();
}

async function pushNest(
  tree: string,
  files: Readonly<Record<string, string | undefined>>,
  message: string,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(tree, path);
    if (text === undefined) {
      rmSync(file, { force: true });
      continue;
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await git(tree, 'add', '--all');
  await git(tree, 'commit', '--quiet', '--allow-empty', '-m', message);
  await git(tree, 'push', '--quiet', 'origin', 'HEAD:main');
  return git(tree, 'rev-parse', 'HEAD');
}

export function cli(
  args: readonly string[],
  at: { env: Record<string, string>; cwd: string; stdin?: string | undefined },
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
      cwd: at.cwd,
      env: at.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(at.stdin ?? '');
  });
}

async function startUp(env: Record<string, string>, user: { uid: number; gid: number } | undefined) {
  const dataDir = env['GOSLING_DATA_DIR'] ?? '';
  rmSync(join(dataDir, 'url'), { force: true });
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'up'], {
    env,
    cwd: dirname(dataDir),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let log = '';
  const keep = process.env['POLAR_E2E_LOG'];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      log += chunk;
      if (keep) appendFileSync(keep, chunk);
    });
  }
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('close', (code) => resolve(code ?? undefined));
  });
  const url = await until('gosling up answers', async () => {
    if (child.exitCode !== null)
      throw new Error(`gosling up ended with ${child.exitCode}:\n${log.slice(-4_000)}`);
    const known = readText(join(dataDir, 'url'));
    if (known === undefined || known === '') return undefined;
    const answer = await fetch(`${known}/health`).catch(() => undefined);
    return answer?.ok ? known : undefined;
  });
  return {
    child,
    url,
    log: () => log,
    api: (path: string, init?: RequestInit) => callApi(dataDir, path, init),
    async kill(signal: NodeJS.Signals) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

async function callApi(
  dataDir: string,
  path: string,
  init: RequestInit = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers
): Promise<{ status: number; body: any }> {
  const url = readText(join(dataDir, 'url'));
  const token = readText(join(dataDir, 'cli-token'));
  const json = init.body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${token}`, ...json, ...init.headers };
  const answer = await fetch(`${url}${path}`, { ...init, headers });
  const text = await answer.text();
  return {
    status: answer.status,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  };
}

/** Polls until `check` answers something; fails loudly after `timeoutMs`. */
export async function until<Result>(
  what: string,
  check: () => Promise<Result | undefined> | Result | undefined,
  timeoutMs = 60_000,
): Promise<Result> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > endsAt) throw new Error(`timed out after ${timeoutMs} ms waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ids of the local runners whose directory is there. */
export async function localRunners(dataDir: string): Promise<string[]> {
  return readdir(join(dataDir, 'local-runners')).catch(() => []);
}

/** What the launcher wrote of a local runner. */
export function runnerRecord(dataDir: string, id: string): { pid: number; start_time: string } | undefined {
  const text = readText(join(dataDir, 'local-runners', id, 'runner.json'));
  return text === undefined ? undefined : JSON.parse(text);
}

export async function stopLocalRunners(dataDir: string): Promise<void> {
  for (const id of await localRunners(dataDir)) {
    await run(process.execPath, [join(dataDir, 'bin/launcher.mjs'), 'stop'], {
      env: { GOSLING_RUNNER_ID: id, GOSLING_DATA_DIR: dataDir },
    }).catch(() => undefined);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
