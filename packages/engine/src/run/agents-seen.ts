import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRows } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/** What the row of an agent says, and by which version of it. */
export interface AgentSeen {
  readonly version: number;
  /** It has traded its one-time token: its machine lives. */
  readonly hasLoggedIn: boolean;
}

/** The agents of runners that are being made, by runner id. */
export async function agentsSeen(
  deps: Pick<InternalDeps, 'store'>,
  rows: readonly RunnerRow[],
  options: CallOptions,
): Promise<ReadonlyMap<string, AgentSeen>> {
  const keys = rows.filter(({ state }) => state === 'provisioning').map(({ id }) => ({ partition: id }));
  const agents = await getRows(deps.store, { ...typed.runnerAgents, keys }, options);
  return new Map(
    agents.map(({ runner_id, version, boot_id }) => [
      runner_id,
      { version, hasLoggedIn: boot_id !== undefined },
    ]),
  );
}
