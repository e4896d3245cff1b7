import { splitServerProject } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { isHookCheckDue, ownerOf } from '../bind/ensure-hook.ts';
import { applyJob } from '../demand/apply-job.ts';
import { projectTarget, readAndApplyJob, toSighting } from '../demand/read-job.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { openHere } from './open-here.ts';
import { sweepIntervalMs } from './sweep-interval.ts';

const jitterShare = 0.2;

/**
 * Asks GitLab which jobs of a project are open and brings ours to it: what webhooks lost is found here. Also wakes the
 * check of the project's webhook.
 */
export async function sweepProject(
  deps: InternalDeps,
  project: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  await planNext(deps, project, options);
  const target = await projectTarget(deps, project, options);
  if (target === undefined) return;
  const { projectId } = splitServerProject(project);
  const open = (await deps.gitlab.reader.openJobs(target, projectId, options)) ?? [];
  for (const job of open) await applyJob(deps, toSighting(project, job), options);

  const seen = new Set(open.map(({ id }) => id));
  for (const job of await openHere(deps, project, options)) {
    if (!seen.has(job.job_id)) await readAndApplyJob(deps, { project, jobId: job.job_id }, options);
  }
  await wakeOwner(deps, project, options);
}

/** The next sweep is set before this one, so that a project that fails is not left out for ever. */
async function planNext(deps: InternalDeps, project: string, options: CallOptions): Promise<void> {
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: project } }, options);
  if (row === undefined) return;
  const now = deps.clock.now();
  const { server } = splitServerProject(project);
  const everyMs = (await sweepIntervalMs(deps, server, options)) * (1 - jitterShare * deps.ids.random());
  const set = { last_swept_at: now, next_sweep_at: now + Math.round(everyMs) };
  const key = { table: 'projects', partition: project } as const;
  await deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], options);
}

/** The health of the webhook is looked at by the bind of its owner. */
async function wakeOwner(
  deps: InternalDeps,
  project: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: project } }, options);
  if (deps.settings.publicUrl === undefined || row === undefined || !isHookCheckDue(deps, row)) return;
  const owner = await ownerOf(deps, project, options);
  if (owner === undefined) return;
  await deps.store.commit([outboxWrite({ kind: 'bind', key: owner, trace: options.trace }, deps)], options);
}
