import type { CiJob } from '@polar-gosling/api-contract';
import { splitServerProject } from '@polar-gosling/domain';
import type { CiJobRow } from '@polar-gosling/ports/store';
import { toTime, toTimeIf } from './time.ts';

export function toWireCiJob(row: CiJobRow): CiJob {
  const { server, projectId } = splitServerProject(row.server_project);
  return {
    server,
    project_id: projectId,
    job_id: row.job_id,
    name: row.name,
    status: row.status,
    ref: row.ref,
    pipeline_id: row.pipeline_id,
    tags: row.tags,
    queued_at: toTime(row.queued_at),
    started_at: toTimeIf(row.started_at),
    finished_at: toTimeIf(row.finished_at),
    egg_name: row.egg_name,
    reason: row.reason,
    runner_id: row.runner_id,
    failure_reason: row.failure_reason,
  };
}
