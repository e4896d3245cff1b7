import { join } from 'node:path';
import { createSqliteStore } from '../../adapters/sqlite/src/index.ts';
import { clock, createBench, eventually, never } from '../../adapters/tofu/src/test-bench.ts';
import { applyJob } from '../../packages/engine/src/demand/apply-job.ts';
import { createControlPlane } from '../../packages/engine/src/testing/control-plane.ts';
import { addJob } from '../../packages/engine/src/testing/gitlab-model.ts';
import { direct, install } from '../../packages/engine/src/testing/install.ts';
import { nestOf } from '../../packages/engine/src/testing/nest-texts.ts';
import { createSystemIds, silentLogger } from '../../packages/kernel/src/index.ts';
import { createMemoryBlobs } from '../../packages/ports/src/blobs/memory.ts';
import type { Tofu } from '../../packages/ports/src/tofu/index.ts';
import { launcher } from './record.ts';

// `many.ts PROGRAM EGGS JOBS AT_ONCE`: so many jobs over so many Eggs, whose demands are written before the worker starts,
// by the whole engine on SQLite; prints ms until every job has its machine, and applies.
const [program = '', eggs = '20', jobs = '100', atOnce = '8'] = process.argv.slice(2);
await using bench = createBench(program);
const store = await createSqliteStore({
  path: join(bench.dir, 'gosling.db'),
  clock,
  sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});
let applies = 0;
let made = 0;
const tofu = counted(bench.reopen({ launcher }));
const plane = await createControlPlane({
  store,
  ids: createSystemIds(clock),
  clock: { ...clock, advance: (ms) => clock.sleep(ms, never) },
  settings: { concurrency: Number(atOnce) },
  outside: {
    tofu,
    machinesPort: { list: async () => [], status: async () => undefined },
    machines: () => new Map(),
  },
});
const names = Array.from({ length: Number(eggs) }, (_, number) => `egg-${number}`);
for (const [number, name] of names.entries()) plane.model.projects.set(number + 1, `group/${name}`);
const config = (project: number) => ({ project, concurrent: Number(jobs) / Number(eggs) });
await install(plane, nestOf(Object.fromEntries(names.map((name, number) => [name, config(number + 1)]))));
for (let job = 0; job < Number(jobs); job++) {
  const projectId = (job % names.length) + 1;
  const { id: jobId, tags } = addJob(plane.model, { projectId });
  const demand = {
    serverProject: `gitlab.com#${projectId}`,
    jobId,
    name: 'work',
    ref: 'main',
    pipelineId: 1,
    tags,
  };
  await applyJob(plane.deps, { ...demand, status: 'pending' }, direct);
}
const from = clock.monotonic();
plane.start();
await eventually(() => (made >= Number(jobs) ? true : undefined), 'a machine for each job', 120_000);
const wallMs = clock.monotonic() - from;
await plane.stop();
await store.close();
process.stdout.write(`${JSON.stringify({ value: wallMs, result: { made }, more: { applies } })}\n`);

function counted(real: Tofu): Tofu {
  return {
    ...real,
    async open(request, options) {
      const run = await real.open(request, options);
      return {
        ...run,
        async apply(given) {
          applies++;
          const outcome = await run.apply(given);
          if (outcome.kind !== 'unknown') made += outcome.applied.length;
          if (outcome.kind !== 'ok') process.stderr.write(`${JSON.stringify(outcome)}\n`);
          return outcome;
        },
      };
    },
  };
}
