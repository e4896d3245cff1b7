import { defineErrors } from '@polar-gosling/kernel';
import type { ControlPlane } from './control-plane.ts';
import { isChanging } from './whole-life.ts';
import { type Fault, faultyPorts } from './with-faults.ts';

/** Where a process ends: at its n-th call of a port, before that has any effect or right after. */
export interface Death {
  readonly call: number;
  readonly when: 'before' | 'after';
}

export interface MortalWorld {
  /** The calls of the process at work that change something: anywhere between two of them a death is the same. */
  changes(): readonly { readonly call: number; readonly method: string }[];
  /** Lets the world go on until `isSo`; says after how many ms, or `undefined` when `mostMs` passed. */
  runUntil(isSo: () => boolean | Promise<boolean>, mostMs: number): Promise<number | undefined>;
}

const processErrors = defineErrors('PROCESS', {
  dead: { message: () => 'the process has ended', http: 503, retry: 'never' },
});

/**
 * A control plane whose process ends where `deaths` says, one after the other; the next one takes over a step later.
 * `isSeen`: it is seen that the holder of a lease is gone, as on one host; else its leases have to run out.
 */
export function startMortal(
  plane: ControlPlane,
  given: { readonly deaths: readonly Death[]; readonly isSeen: boolean; readonly stepMs?: number },
): MortalWorld {
  const { deaths, isSeen, stepMs = 1_000 } = given;
  const gone = new Set<string>();
  let [generation, calls, isDead] = [0, 0, false];
  let changes: { call: number; method: string }[] = [];
  const begin = () => {
    const death = deaths[generation];
    const mine = generation;
    [calls, isDead, changes] = [0, false, []];
    const decide = (method: string): Fault | undefined => {
      if (mine !== generation || isDead) return { error: processErrors.dead({}) };
      calls++;
      if (isChanging(method)) changes.push({ call: calls, method });
      if (calls !== death?.call) return undefined;
      isDead = true;
      return { error: processErrors.dead({}), when: death.when };
    };
    plane.start(`p${mine}`, (deps) => ({
      ...faultyPorts(deps, decide),
      isHolderGone: (holder) => isSeen && gone.has(holder),
    }));
  };
  const goOn = async () => {
    await plane.run(stepMs, stepMs);
    if (!isDead) return;
    gone.add(`p${generation}`);
    generation++;
    await plane.stop();
    begin();
  };
  begin();
  return {
    changes: () => changes,
    async runUntil(isSo, mostMs) {
      const from = plane.clock.now();
      while (!(await isSo())) {
        if (plane.clock.now() - from >= mostMs) return undefined;
        await goOn();
      }
      return plane.clock.now() - from;
    },
  };
}
