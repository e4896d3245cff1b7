import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, BenchContext, Variant } from '../harness/bench.ts';
import { syncsPerSecond } from './syncs-per-second.ts';

const run = promisify(execFile);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** The same for all. */
const messages = 3_000;
const celeryPackages = ['celery[redis]==5.7.0', 'redis==8.1.0', 'packaging==26.3'];
let redis: ChildProcess | undefined;

/**
 * Ours: one process that sends and works, SQLite with `synchronous=FULL`, each answer after its sync. Theirs: one
 * producer process, one worker process, tasks in Redis's memory without any sync, acknowledged late.
 */
export const bench: Bench = {
  question: 'from send to done, how fast are messages with an empty task, against a Celery worker on Redis?',
  rounds: 5,
  async prepare(context) {
    const python = await preparePython(context);
    const broker = await startRedis(context);
    context.say(`fdatasync/s before: ${await syncsPerSecond(context.folder)}`);
    const baseline = celery({ python, broker, pool: 'solo' });
    const child = celery({ python, broker, pool: 'prefork' });
    const goal = { kind: 'faster', atLeast: 3 } as const;
    const many = ours(64, context);
    return [
      { name: '64 at once, against Celery (solo pool)', unit: 'µs', subject: many, baseline, goal },
      {
        name: '64 at once, against Celery (prefork pool, 1 child)',
        unit: 'µs',
        subject: many,
        baseline: child,
        goal,
      },
      {
        name: '8 at once, as gosling up, against Celery (solo pool)',
        unit: 'µs',
        subject: ours(8, context),
        baseline,
        goal,
      },
      {
        name: 'CPU of all processes, start included, without Redis itself',
        unit: 'ms CPU',
        subject: ofCpu(many),
        baseline: ofCpu(baseline),
        goal,
      },
    ];
  },
  async finish(context) {
    context.say(`fdatasync/s after: ${await syncsPerSecond(context.folder)}`);
    redis?.kill();
    redis = undefined;
  },
};

function ours(concurrency: number, { folder }: BenchContext): Variant {
  return {
    name: `ours, ${concurrency} at once`,
    command: [process.execPath, here('work.ts'), String(messages), String(concurrency), folder],
    measure: 'reported',
  };
}

/** Seen from outside: where others use the machine, the sturdier figure. */
function ofCpu(variant: Variant): Variant {
  const env = { ...variant.env, BENCH_RESULT_ONLY: '1' };
  return { ...variant, name: `${variant.name}, CPU`, env, measure: 'cpu' };
}

function celery(at: { python: string; broker: string; pool: string }): Variant {
  return {
    name: `celery, ${at.pool}`,
    command: [at.python, here('celery/drive.py'), String(messages), at.pool],
    env: { BROKER: at.broker, PYTHONDONTWRITEBYTECODE: '1', C_FORCE_ROOT: '1' },
    measure: 'reported',
  };
}

async function preparePython({ say, signal }: BenchContext): Promise<string> {
  const cache = process.env['POLAR_CACHE'] ?? join(homedir(), '.cache', 'polar-gosling');
  const venv = join(cache, 'bench-celery-5.7.0');
  const python = join(venv, 'bin', 'python');
  const isReady = await access(join(venv, 'bin', 'celery')).then(
    () => true,
    () => false,
  );
  if (isReady) return python;
  say('installing Celery');
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', venv], { signal });
  await run(python, ['-m', 'pip', 'install', '--quiet', ...celeryPackages], { signal });
  return python;
}

async function startRedis({ folder, signal }: BenchContext): Promise<string> {
  const socket = join(folder, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', options, { stdio: 'ignore', cwd: folder });
  redis = child;
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new Error('redis-server is needed (Debian: redis-server)', { cause })),
    );
  });
  for (;;) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error('redis-server ended at once');
    const isThere = await access(socket).then(
      () => true,
      () => false,
    );
    if (isThere) return `redis+socket://${socket}`;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
