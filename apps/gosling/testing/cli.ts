import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** As the wrapper `./gosling` sets it: a process starts in half the time. */
export const compileCache = fileURLToPath(new URL('../../../.cache/node', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A directory of its own for one test. */
export async function aDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gosling-cli-'));
  return { path: directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** The CLI as a real process without a terminal. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return collect(spawn(process.execPath, commandLine(args), spawnOptions(options)), options.input ?? '');
}

/**
 * The CLI at a terminal (`script` makes one). Each answer is typed when its question has appeared. What it prints
 * comes as one text, as on a screen.
 */
export function runAtTerminal(
  args: readonly string[],
  options: CliOptions & { readonly answers?: readonly (readonly [question: string, keys: string])[] } = {},
): Promise<CliResult> {
  const quoted = [process.execPath, ...commandLine(args)].map((word) => `'${word}'`).join(' ');
  // A terminal made by `script` has no size of its own, and prompts wrap to it.
  const child = spawn(
    'script',
    ['-qec', `stty cols 100 rows 40; ${quoted}`, '/dev/null'],
    spawnOptions(options),
  );
  const waiting = [...(options.answers ?? [])];
  let unseen = '';
  child.stdout.on('data', (chunk) => {
    unseen += chunk;
    const [question, keys] = waiting[0] ?? [];
    if (question === undefined || !unseen.includes(question)) return;
    waiting.shift();
    unseen = '';
    child.stdin.write(keys);
  });
  return collect(child, undefined);
}

export function commandLine(args: readonly string[]): string[] {
  return ['--disable-warning=ExperimentalWarning', main, ...args];
}

export function spawnOptions({ cwd, env }: CliOptions) {
  const home = cwd ?? tmpdir();
  return {
    cwd: home,
    // A question nobody answers must not outlive its test.
    timeout: 45_000,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      NODE_COMPILE_CACHE: compileCache,
      ...env,
    },
  };
}

function collect(child: ReturnType<typeof spawn>, input: string | undefined): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk;
  });
  // A command that does not read its stdin may have ended before it is written.
  child.stdin?.on('error', () => undefined);
  if (input !== undefined) child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      child.stdin?.end();
      resolve({ code, stdout, stderr });
    });
  });
}
