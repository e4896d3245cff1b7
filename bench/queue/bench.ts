import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchContext, Variant } from '../harness/bench.ts';
import { preparePython } from '../harness/python-packages.ts';
import { type Redis, startRedis } from '../harness/redis.ts';
import { syncsPerSecond } from '../harness/syncs-per-second.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** The same for all. */
const messages = 3_000;
const celeryPackages = ['celery[redis]==5.7.0', 'redis==8.1.0', 'packaging==26.3'];
let redis: Redis | undefined;

/**
 * Ours: one process that sends and works, SQLite with `synchronous=FULL`, each answer after its sync. Theirs: one
 * producer process, one worker process, tasks in Redis's memory without any sync, acknowledged late.
 */
export const bench: Bench = {
  question: 'from send to done, how fast are messages with an empty task, against a Celery worker on Redis?',
  rounds: 5,
  async prepare(context) {
    const wanted = { name: 'bench-celery-5.7.0', packages: celeryPackages, program: 'celery' };
    const python = join(await preparePython(wanted, context), 'python');
    redis = await startRedis(context);
    const broker = redis.url;
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
        // Two syncs for each eight: with tasks that do nothing this is the time of the disk.
        goal: { kind: 'faster', atLeast: 1 },
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
    redis?.stop();
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
