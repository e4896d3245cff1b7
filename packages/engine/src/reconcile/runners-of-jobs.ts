import { splitServerProject } from '@polar-gosling/domain';
import type { CiJobRow, RunnerAgentRow } from '@polar-gosling/ports/store';

/** Which runner has a CI job, as the agents say: they often do before GitLab's webhook. */
export function runnersOfJobs(
  agents: ReadonlyMap<string, RunnerAgentRow>,
): (job: Pick<CiJobRow, 'server_project' | 'job_id'>) => string | undefined {
  const holders = new Map<string, string>();
  for (const agent of agents.values()) {
    for (const job of agent.current_jobs) {
      holders.set(jobOnServer(String(job.server), Number(job.job_id)), agent.runner_id);
    }
  }
  return (job) => holders.get(jobOnServer(splitServerProject(job.server_project).server, job.job_id));
}

/** A job's id is unique on its server; an agent may not know the project's number yet. */
function jobOnServer(server: string, jobId: number): string {
  return `${server.toLowerCase()}#${jobId}`;
}
