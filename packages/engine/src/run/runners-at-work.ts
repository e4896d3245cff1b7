import { missedHeartbeats } from '@polar-gosling/domain';
import type { CallOptions, RunnerAgentRow, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRows } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

const ended: readonly (string | undefined)[] = ['drained', 'finished', 'stopping'];

/**
 * Of the runners that are to be removed, those whose agents were heard just now and did not say that they are done. A
 * runner that failed while it was made comes here without the dialogue, and may have taken a job meanwhile.
 */
export async function runnersAtWork(
  deps: InternalDeps,
  rows: readonly RunnerRow[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const leaving = rows.filter(({ state, desired }) => state === 'terminating' && desired !== 'stop');
  const keys = leaving.map(({ id }) => ({ partition: id }));
  const agents = await getRows(deps.store, { ...typed.runnerAgents, keys }, options);
  const heardAfter = deps.clock.now() - missedHeartbeats * deps.settings.heartbeatMs;
  return new Set(agents.filter((agent) => isAtWork(agent, heardAfter)).map(({ runner_id }) => runner_id));
}

function isAtWork(agent: RunnerAgentRow, heardAfter: number): boolean {
  // Between its bootstrap and its first report it may ask for jobs already.
  const heardAt = agent.last_heartbeat ?? (agent.boot_id === undefined ? 0 : agent.updated_at);
  const isDone = ended.includes(agent.reported_state) && agent.current_jobs.length === 0;
  return heardAt > heardAfter && !isDone;
}
