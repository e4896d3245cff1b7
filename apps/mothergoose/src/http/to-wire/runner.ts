import type { Runner } from '@polar-gosling/api-contract';
import type { RunnerView } from '@polar-gosling/engine';
import { z } from 'zod';
import { toTime, toTimeOrNull } from './time.ts';

/** A running job as the agent's row has it. */
const StoredJob = z.object({
  server: z.string(),
  project_id: z.int(),
  job_id: z.int(),
  since: z.number(),
});

export function toWireRunner({ row, agent, why }: RunnerView): Runner {
  return {
    id: row.id,
    egg_name: row.egg_name,
    type: row.type,
    state: row.state,
    pool: row.pool,
    cloud_provider: row.cloud_provider,
    region: row.region,
    created_at: toTime(row.created_at),
    last_heartbeat: toTimeOrNull(agent?.last_heartbeat ?? row.last_heartbeat),
    jobs: (agent?.current_jobs ?? []).flatMap(toWireJob),
    deadline_at: toTimeOrNull(row.deadline_at),
    why,
    desired: row.desired,
    reported_state: agent?.reported_state,
    failure_count: agent?.failure_count ?? row.failure_count,
    system_id: row.system_id,
    config_hash: row.config_hash,
    machine_hash: row.machine_hash,
  };
}

function toWireJob(stored: unknown): Runner['jobs'] {
  const { data: job } = StoredJob.safeParse(stored);
  return job === undefined ? [] : [{ ...job, since: toTime(job.since) }];
}
