import type { AgentDeps } from './agent-deps.ts';

export interface DiskProblem {
  readonly code: 'RUNNER_DISK';
  readonly detail: string;
}

/**
 * The agent's own files make its next life easier; its jobs and its reports go on without them. What could not be
 * written is told with each report until it can be.
 */
export interface AgentDisk {
  /** Was it done? Never fails; safe to repeat. `what` is of a fixed few. */
  attempt(what: string, action: () => Promise<void>): Promise<boolean>;
  problem(): DiskProblem | undefined;
}

export function createAgentDisk({ log }: Pick<AgentDeps, 'log'>): AgentDisk {
  const failed = new Map<string, string>();
  return {
    async attempt(what, action) {
      try {
        await action();
        if (failed.delete(what)) log.info('a file of the agent can be used again', { key: what });
        return true;
      } catch (error) {
        // Once for each failure: a full disk need not be filled with our words.
        if (!failed.has(what)) log.warn('the agent goes on without a file', { key: what, error });
        failed.set(what, String(error));
        return false;
      }
    },
    problem() {
      const [first] = failed;
      if (first === undefined) return undefined;
      const [what, why] = first;
      return { code: 'RUNNER_DISK', detail: `${what}: ${why}` };
    },
  };
}
