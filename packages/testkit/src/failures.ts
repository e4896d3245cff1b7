/** Fails one call of a port, to show that a caller stands it. */
export interface FailurePlan {
  /** Which call fails, counted from 1 over all methods that take `{ signal }`. */
  readonly call: number;
  readonly error: unknown;
  /** `after`: the call takes effect, its caller sees the error all the same. Default `before`. */
  readonly when?: 'before' | 'after';
}

/** The port with one failing call, and how many calls were made: enough to go through every N of a scenario. */
export function withFailures<Port extends object>(
  port: Port,
  plan: FailurePlan,
): { port: Port; calls(): number } {
  let calls = 0;
  const failing = new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const isCounted = takesSignal(args.at(-1)) && ++calls === plan.call;
        if (isCounted && plan.when !== 'after') return Promise.reject(plan.error);
        const answer: unknown = Reflect.apply(member, target, args);
        return isCounted ? failAfter(answer, plan.error) : answer;
      };
    },
  });
  return { port: failing, calls: () => calls };
}

function takesSignal(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'signal' in argument;
}

async function failAfter(answer: unknown, error: unknown): Promise<never> {
  await answer;
  throw error;
}
