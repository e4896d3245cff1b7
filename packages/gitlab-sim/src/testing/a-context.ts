import { type Clock, createSystemIds } from '@polar-gosling/kernel';
import { createWakeups } from '../coordinator/wakeups.ts';
import { createFaults } from '../faults.ts';
import { createSimEvents, type SimContext } from '../sim-context.ts';
import { createWorld } from '../state/world.ts';

/** The inside of a simulator that does not listen. */
export function aContext(clock: Clock): SimContext {
  return {
    world: createWorld(),
    clock,
    ids: createSystemIds(clock),
    settings: {
      version: '19.4.1',
      longPollMs: 0,
      jobSilenceMs: 60_000,
      traceIntervalS: 3,
      autoDisableHooks: true,
      hookTimeoutMs: 10_000,
      hookCaPem: undefined,
    },
    faults: createFaults(),
    events: createSimEvents(),
    jobQueue: createWakeups(clock),
    signal: new AbortController().signal,
    baseUrl: () => 'http://gitlab.test',
  };
}
