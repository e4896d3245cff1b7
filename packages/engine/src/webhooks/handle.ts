import { splitServerProject } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { applyJob } from '../demand/apply-job.ts';
import { readAndApplyJob } from '../demand/read-job.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import type { DeliveryFacts } from './facts.ts';
import { stampDelivery } from './ingest.ts';

const sweepGapMs = 10_000;
/** Egg name under which the Nest's own project is bound. */
export const nestBinding = 'nest';

/** What a committed delivery means: demand, a sweep, or a sync. Safe to repeat. */
export async function handleDelivery(
  deps: InternalDeps,
  dedupKey: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  const row = await getRow(deps.store, { ...typed.deliveries, key: { partition: dedupKey } }, options);
  if (row === undefined) return;
  const facts: DeliveryFacts = row.facts;
  await stampDelivery(deps, row.server_project, options);
  if (facts.job) await handleJob(deps, { project: row.server_project, job: facts.job }, options);
  else await handleOther(deps, { project: row.server_project, facts }, options);
}

async function handleJob(
  deps: InternalDeps,
  at: { project: string; job: NonNullable<DeliveryFacts['job']> },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { project, job } = at;
  const now = deps.clock.now();
  const applied = await applyJob(
    deps,
    {
      serverProject: project,
      jobId: job.id,
      status: job.status,
      name: job.name,
      ref: job.ref,
      pipelineId: job.pipelineId,
      ...(job.queuedS === undefined ? {} : { queuedAt: now - Math.round(job.queuedS * 1000) }),
      ...(job.failureReason === undefined ? {} : { failureReason: job.failureReason }),
    },
    options,
  );
  // A pending event names no tags: GitLab must be asked.
  if (applied === 'tags_needed') await readAndApplyJob(deps, { project, jobId: job.id }, options);
}

async function handleOther(
  deps: InternalDeps,
  at: { project: string; facts: DeliveryFacts },
  options: CallOptions & { trace: string },
): Promise<void> {
  const bindings = await listAll(
    deps.store,
    { ...typed.bindings, query: { partition: at.project } },
    options,
  );
  const isNest = bindings.some(({ egg_name }) => egg_name === nestBinding);
  if (isNest && at.facts.kind === 'push') {
    await deps.store.commit(
      [outboxWrite({ kind: 'sync', key: 'nest', trace: options.trace }, deps)],
      options,
    );
    deps.queue.wake();
  }
  if (bindings.some(({ egg_name }) => egg_name !== nestBinding)) await sweepSoon(deps, at.project, options);
}

/** Sweeps the project now, at most once in 10 s. */
async function sweepSoon(
  deps: InternalDeps,
  project: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: project } }, options);
  if (row === undefined) return;
  const { server } = splitServerProject(project);
  const waitMs = Math.max(0, (row.last_swept_at ?? 0) + sweepGapMs - deps.clock.now());
  const message = { kind: 'sweep', key: project, trace: options.trace, delayMs: waitMs } as const;
  await deps.store.commit([outboxWrite(message, deps)], options);
  deps.log.debug('a project is swept because of an event', { server, key: project });
  deps.queue.wake();
}
