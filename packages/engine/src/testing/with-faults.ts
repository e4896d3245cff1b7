import type { EngineDeps } from '../api/engine.ts';

/** How one call of a port goes wrong. */
export interface Fault {
  readonly error: unknown;
  /** `after`: the call takes effect, its caller sees the error all the same. Default `before`. */
  readonly when?: 'before' | 'after';
}

/** The port, with each call that takes `{ signal }` failing where `decide` says so. */
export function withFaults<Port extends object>(
  port: Port,
  decide: (method: string) => Fault | undefined,
): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const fault = takesSignal(args.at(-1)) ? decide(String(name)) : undefined;
        if (name === 'entries' && fault !== undefined) return failingEntries(fault.error);
        if (fault !== undefined && fault.when !== 'after') return Promise.reject(fault.error);
        const answer: unknown = Reflect.apply(member, target, args);
        return fault === undefined ? answer : failAfter(answer, fault.error);
      };
    },
  });
}

/** Everything that a process calls, failing where `decide` says so. */
export function faultyPorts(deps: EngineDeps, decide: (method: string) => Fault | undefined): EngineDeps {
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
    ...(deps.runnerStart && { runnerStart: withFaults(deps.runnerStart, decide) }),
    gitlab: {
      ...deps.gitlab,
      reader: withFaults(reader, decide),
      hooks: withFaults(hooks, decide),
      runners: withFaults(runners, decide),
    },
  };
}

function takesSignal(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'signal' in argument;
}

/** It is iterated, not awaited: a rejected promise would be heard by nobody. */
// biome-ignore lint/correctness/useYield: it fails before it has anything
async function* failingEntries(error: unknown): AsyncGenerator<never> {
  throw error;
}

async function failAfter(answer: unknown, error: unknown): Promise<never> {
  await answer;
  throw error;
}
