import { type RunnerStart, runnerStartErrors, startBodyOf } from './index.ts';

/** How the next requests are answered. */
export type StartAnswer = 'takes' | 'refuses' | 'is away';

export interface MemoryRunnerStart {
  readonly port: RunnerStart;
  /** Ids of the containers that there are. */
  readonly containers: Set<string>;
  /** Bodies of the invocations that were taken, by container id. */
  readonly taken: { readonly container: string; readonly body: string }[];
  answer: StartAnswer;
}

/** Containers in memory; the reference for the contract. */
export function createMemoryRunnerStart(containers: readonly string[] = []): MemoryRunnerStart {
  const cloud: MemoryRunnerStart = {
    containers: new Set(containers),
    taken: [],
    answer: 'takes',
    port: {
      async start(request, { signal }) {
        signal.throwIfAborted();
        const { runnerId, container } = request;
        if (cloud.answer === 'is away') {
          throw runnerStartErrors.unavailable({ runnerId, reason: 'the cloud did not answer' });
        }
        if (!cloud.containers.has(container.id)) {
          throw runnerStartErrors.noContainer({ runnerId, container: container.id });
        }
        if (cloud.answer === 'refuses') {
          throw runnerStartErrors.refused({ runnerId, reason: 'too many requests at once' });
        }
        cloud.taken.push({ container: container.id, body: startBodyOf(request) });
      },
    },
  };
  return cloud;
}
