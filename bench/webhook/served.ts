import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { projectId, token } from './delivery.ts';

/** A server under measurement: one process, on the first processor. */
export interface Served {
  readonly url: string;
  /** User and system time of all its threads so far. */
  cpuUs(): number;
  /** The most resident memory it ever had. */
  peakMb(): number;
  stop(): Promise<void>;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const startWithinMs = 20_000;
const stopWithinMs = 15_000;

/** Starts `ours`, `ours+work` or `stack`; the programs of the stack are in the folder PYTHON_BIN. */
export async function startServed(server: string, folder: string): Promise<Served> {
  const { child, url } = server === 'stack' ? await startStack() : await startOurs(server, folder);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${server} did not start`);
  const tickUs = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return {
    url,
    cpuUs: () => ticksOf(pid) * tickUs,
    peakMb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await ended;
      clearTimeout(hard);
    },
  };
}

async function startOurs(server: string, folder: string): Promise<{ child: ChildProcess; url: string }> {
  const mode = server === 'ours+work' ? ['work'] : [];
  const profiling = (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '');
  // Node as `gosling up` starts it.
  const program = [
    process.execPath,
    '--max-old-space-size=768',
    ...profiling,
    here('serve.ts'),
    join(folder, 'data'),
    ...mode,
  ];
  const env = { NODE_COMPILE_CACHE: join(folder, '..', 'node'), ...process.env };
  const child = spawn('taskset', ['-c', '0', ...program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const signal = AbortSignal.timeout(startWithinMs);
  const [url] = (await once(createInterface(child.stdout), 'line', { signal })) as [string];
  return { child, url };
}

async function startStack(): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const options = ['--host', '127.0.0.1', '--port', String(port), '--no-access-log', '--backlog', '4096'];
  const program = [join(process.env['PYTHON_BIN'] ?? '', 'uvicorn'), 'app:app', '--workers', '1', ...options];
  const child = spawn('taskset', ['-c', '0', ...program, '--log-level', 'warning'], {
    cwd: here('stack'),
    env: {
      ...process.env,
      HOOK_TOKEN: token,
      HOOK_PROJECT: String(projectId),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  for (let waitedMs = 0; waitedMs < startWithinMs && child.exitCode === null; waitedMs += 100) {
    const isUp = await fetch(`${url}/openapi.json`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { child, url: `${url}/webhooks/gitlab` };
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  child.kill();
  throw new Error('uvicorn did not answer in time');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
