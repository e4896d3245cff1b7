import type { ReplacedRunner } from '@polar-gosling/domain';
import type { RunnerAgentRow, RunnerRow } from '@polar-gosling/ports/store';

/** Live runners as the preview of a replacement sees them. */
export function replacedRunners(
  rows: Iterable<RunnerRow>,
  agents: ReadonlyMap<string, RunnerAgentRow>,
): ReplacedRunner[] {
  return [...rows].map((row) => ({
    id: row.id,
    state: row.state,
    machineHash: row.machine_hash,
    hasJob: (agents.get(row.id)?.current_jobs.length ?? 0) > 0,
  }));
}
