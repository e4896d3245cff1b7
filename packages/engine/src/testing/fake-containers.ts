import { serverlessLimitMs } from '@polar-gosling/domain';
import { type RunnerStart, runnerStartErrors } from '@polar-gosling/ports/runner-start';
import type { StartAnswer } from '@polar-gosling/ports/runner-start/memory';
import type { FakeTofu } from './fake-tofu.ts';

export interface FakeContainers {
  readonly port: RunnerStart;
  /** Runner ids in the order in which their invocations were taken; one that was sent again stands here again. */
  readonly taken: string[];
  /** Chooses how each invocation is answered; `takes, silently`: it was taken, and the answer was lost. */
  nextAnswer: () => StartAnswer | 'takes, silently';
  /** Ends those whose agents have ended, and those that last longer than an invocation may. */
  endInvocations(agents: ReadonlyMap<string, { readonly isDead: boolean }>): void;
}

/** The containers that OpenTofu makes in memory: an invocation of one is a machine, until its agent or the cloud ends it. */
export function createFakeContainers(
  tofu: Pick<FakeTofu, 'containers' | 'entries' | 'machines'>,
  clock: { now(): number },
): FakeContainers {
  const containers: FakeContainers = {
    taken: [],
    nextAnswer: () => 'takes',
    port: {
      async start({ runnerId, container }, { signal }) {
        signal.throwIfAborted();
        const answer = containers.nextAnswer();
        if (answer === 'is away') throw runnerStartErrors.unavailable({ runnerId, reason: '503' });
        if (!tofu.containers.has(container.id)) {
          throw runnerStartErrors.noContainer({ runnerId, container: container.id });
        }
        if (answer === 'refuses') throw runnerStartErrors.refused({ runnerId, reason: '403' });
        invoke(runnerId);
        if (answer === 'takes, silently') throw runnerStartErrors.unavailable({ runnerId, reason: '502' });
      },
    },
    endInvocations(agents) {
      for (const runnerId of containers.taken) {
        const machine = tofu.machines.get(runnerId);
        const isOverdue = machine !== undefined && clock.now() - machine.madeAt >= serverlessLimitMs;
        if (isOverdue || agents.get(runnerId)?.isDead) tofu.machines.delete(runnerId);
      }
    },
  };
  return containers;

  function invoke(runnerId: string): void {
    // The agent of a second one finds its token used, and ends.
    if (!containers.taken.includes(runnerId)) {
      const entry = JSON.parse(tofu.entries.get(runnerId) ?? '{}');
      tofu.machines.set(runnerId, { runnerId, entry, madeAt: clock.now() });
    }
    containers.taken.push(runnerId);
  }
}
