import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, BenchContext, Comparison, Variant } from '../harness/bench.ts';
import { preparePython } from '../harness/python-packages.ts';
import { type Redis, startRedis } from '../harness/redis.ts';
import { syncsPerSecond } from '../harness/syncs-per-second.ts';

const run = promisify(execFile);
const work = fileURLToPath(new URL('work.ts', import.meta.url));
const packages = [
  'fastapi==0.165.0',
  'uvicorn[standard]==0.54.0',
  'pydantic==2.14.4',
  'celery[redis]==5.7.0',
  'redis==8.1.0',
  'packaging==26.3',
];
let redis: Redis | undefined;

/**
 * Ours: every delivery is on disk, with its wake-up and under its dedup key, before it is answered. Theirs: the task is
 * in Redis's memory when it is answered, without sync and without dedup. Nobody works on tasks, except at 50 a second,
 * where our worker runs in the same process.
 */
export const bench: Bench = {
  question: 'how much faster than FastAPI, Celery and Redis are webhooks taken, and at what cost?',
  rounds: 5,
  async prepare(context) {
    await run('wrk', ['--version']).catch((error: { code?: unknown }) => {
      if (error.code === 'ENOENT') throw new Error('wrk is needed (Debian: wrk)');
    });
    const wanted = { name: 'bench-fastapi-0.165.0', packages, program: 'uvicorn' };
    const programs = await preparePython(wanted, context);
    redis = await startRedis(context);
    context.say(`fdatasync/s before: ${await syncsPerSecond(context.folder)}`);
    const at = { programs, broker: redis.url, context };
    return [...compareMost(at, 64), ...compareMost(at, 1_000), ...compareSteady(at)];
  },
  async finish(context) {
    context.say(`fdatasync/s after: ${await syncsPerSecond(context.folder)}`);
    redis?.stop();
    redis = undefined;
  },
};

interface Place {
  readonly programs: string;
  readonly broker: string;
  readonly context: BenchContext;
}

function compareMost(at: Place, connections: number): Comparison[] {
  const load = { load: String(connections), seconds: 5 };
  const both = {
    subject: variant(at, { server: 'ours', ...load }),
    baseline: variant(at, { server: 'stack', ...load }),
  };
  const goal = { kind: 'faster', atLeast: 8 } as const;
  const name = `${connections} connections`;
  const comparisons: Comparison[] = [
    { name: `${name}: time`, unit: 'µs for each delivery', ...both, goal },
    { name: `${name}: CPU`, unit: 'µs CPU for each delivery', figure: 'cpuUs', ...both, goal },
  ];
  if (connections < 1_000) return comparisons;
  const memory = { kind: 'limit', atMost: 320 } as const;
  return [...comparisons, { name: `${name}: memory`, unit: 'MB', figure: 'rssMb', ...both, goal: memory }];
}

function compareSteady(at: Place): Comparison[] {
  const load = { load: '50/s', seconds: 15 };
  const both = {
    subject: variant(at, { server: 'ours+work', ...load }),
    baseline: variant(at, { server: 'stack', ...load }),
  };
  return [
    { name: '50 a second: 99 of 100 within', unit: 'ms', ...both, goal: { kind: 'limit', atMost: 25 } },
    {
      name: '50 a second: all within',
      unit: 'ms',
      figure: 'max',
      ...both,
      goal: { kind: 'limit', atMost: 2_000 },
    },
  ];
}

function variant(at: Place, run: { server: string; load: string; seconds: number }): Variant {
  return {
    name: `${run.server}, ${run.load}`,
    command: [process.execPath, work, run.server, run.load, String(run.seconds), at.context.folder],
    env: { PYTHON_BIN: at.programs, BROKER: at.broker },
    measure: 'reported',
  };
}
