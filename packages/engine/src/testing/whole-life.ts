import { defineErrors, type IdSource } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';
import { type ControlPlane, createControlPlane, type TestClock } from './control-plane.ts';
import { pushToRemoved, type Scenario } from './scenarios.ts';
import { faultyPorts } from './with-faults.ts';

export interface Failing {
  /** Which call of a port fails, from 1; 0: none. */
  readonly call: number;
  /** `after`: it took effect, and its answer was lost. */
  readonly when: 'before' | 'after';
}

export interface Life {
  readonly scenario: Scenario;
  readonly calls: number;
  /** Those of the calls that change something: a lost answer is another thing there than a lost request. */
  readonly changes: readonly number[];
  readonly plane: ControlPlane;
  /** How long each step took, in ms; `undefined` where it never came to its end. */
  readonly steps: readonly (number | undefined)[];
}

const lifeErrors = defineErrors('LIFE', {
  down: { message: () => 'this call fails', http: 503, retry: 'backoff' },
});
const changing = new Set(
  'commit receive ack nack sendDue write writeIfAbsent create remove apply start'.split(' '),
);

/** Does this method of a port change something, so that a lost answer differs from a lost request? */
export function isChanging(method: string): boolean {
  return changing.has(method);
}

/** Plays a scenario with one call of a port that fails. */
export async function live(
  failing: Failing,
  on: { store?: Store; clock: TestClock; ids: IdSource },
  scenario: Scenario = pushToRemoved,
): Promise<Life> {
  let calls = 0;
  let isCounting = false;
  const changes: number[] = [];
  const error = lifeErrors.down({});
  const decide = (method: string) => {
    if (!isCounting) return undefined;
    calls++;
    if (isChanging(method)) changes.push(calls);
    return calls === failing.call ? { error, when: failing.when } : undefined;
  };
  const plane = await createControlPlane({ ...on, wrap: (deps) => faultyPorts(deps, decide) });
  const steps = await scenario.play(plane, () => {
    isCounting = true;
  });
  await plane.stop();
  return { scenario, calls, changes, plane, steps };
}

/** What must be so at the end, whichever call failed; empty when it is. */
export function wrongIn({ scenario, plane, steps }: Life): string[] {
  return [
    ...steps.flatMap((ms, step) => (ms === undefined ? [`step ${step} never ended`] : [])),
    ...plane.recording.unaudited.map((id) => `runner ${id} changed without an audit row`),
    ...plane.tofu.violations,
    ...scenario.wrongIn(plane),
  ];
}
