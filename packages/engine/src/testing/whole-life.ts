import { defineErrors, type IdSource } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { type ControlPlane, createControlPlane, type TestClock } from './control-plane.ts';
import { addJob } from './gitlab-model.ts';
import { nestOf } from './nest-texts.ts';
import { withFaults } from './with-faults.ts';

export interface Failing {
  /** Which call of a port fails, from 1; 0: none. */
  readonly call: number;
  /** `after`: it took effect, and its answer was lost. */
  readonly when: 'before' | 'after';
}

export interface Life {
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
  'commit receive ack nack sendDue write writeIfAbsent create remove apply'.split(' '),
);

/** From a pushed Egg to a green job to an Egg that is gone, with one call of a port that fails. */
export async function live(
  failing: Failing,
  on: { store?: Store; clock: TestClock; ids: IdSource },
): Promise<Life> {
  let calls = 0;
  const changes: number[] = [];
  const error = lifeErrors.down({});
  const decide = (method: string) => {
    calls++;
    if (changing.has(method)) changes.push(calls);
    return calls === failing.call ? { error, when: failing.when } : undefined;
  };
  const plane = await createControlPlane({ ...on, wrap: (deps) => failingPorts(deps, decide) });
  plane.model.projects.set(1, 'group/app').set(2, 'group/other');
  const other = { other: { project: 2, tags: ['other'] } };
  plane.git.commit(nestOf({ app: {}, ...other }));
  plane.start();
  const steps: (number | undefined)[] = [];
  steps.push(await plane.runUntil(() => plane.model.hooks.size === 2, 11 * 60_000));
  const job = addJob(plane.model, { projectId: 1, lastsMs: 20_000 });
  steps.push(await plane.runUntil(() => job.status === 'success', 11 * 60_000));
  plane.git.commit(nestOf(other));
  // As a push of the Nest does; where that fails the timer finds it.
  await plane
    .engine()
    .background.wakeSync({ signal: new AbortController().signal })
    .catch(() => undefined);
  const isForgotten = async () => {
    const rows = await plane.recording.rows('egg_configs');
    return plane.tofu.machines.size === 0 && !rows.some(({ name }) => name === 'app');
  };
  steps.push(await plane.runUntil(isForgotten, 20 * 60_000));
  await plane.stop();
  return { calls, changes, plane, steps };
}

function failingPorts(deps: EngineDeps, decide: Parameters<typeof withFaults>[1]): EngineDeps {
  const { reader, hooks, runners } = deps.gitlab;
  const open: EngineDeps['tofu']['open'] = async (request, options) =>
    withFaults(await deps.tofu.open(request, options), decide);
  return {
    ...deps,
    store: withFaults(deps.store, decide),
    secrets: withFaults(deps.secrets, decide),
    blobs: withFaults(deps.blobs, decide),
    git: withFaults(deps.git, decide),
    tofu: withFaults({ ...deps.tofu, open }, decide),
    queue: withFaults(deps.queue, decide),
    gitlab: {
      ...deps.gitlab,
      reader: withFaults(reader, decide),
      hooks: withFaults(hooks, decide),
      runners: withFaults(runners, decide),
    },
  };
}

/** What must be so at the end, whichever call failed; empty when it is. */
export function wrongIn({ plane, steps }: Life): string[] {
  const hooked = [...plane.model.hooks.values()].map(({ projectId }) => projectId);
  const registered = [...plane.model.registrations.values()].map(({ spec }) => spec.scopeId);
  return [
    ...steps.flatMap((ms, step) => (ms === undefined ? [`step ${step} never ended`] : [])),
    ...plane.recording.unaudited.map((id) => `runner ${id} changed without an audit row`),
    ...plane.tofu.violations,
    ...(hooked.join() === '2' ? [] : [`hooks are left on projects ${hooked}`]),
    ...(registered.join() === '2' ? [] : [`registrations are left on projects ${registered}`]),
  ];
}
