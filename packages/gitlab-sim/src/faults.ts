import type { HookTrigger } from './state/hook.ts';

/** What goes wrong with the next deliveries of a webhook. */
export interface HookFault {
  /** `reorder` sends the delivery after the one that follows it. */
  readonly action: 'drop' | 'duplicate' | 'delay' | 'reorder';
  readonly trigger?: HookTrigger;
  /** For `delay`; for `reorder` the longest wait for a follower (2 s unless told). */
  readonly delayMs?: number;
  /** How many deliveries are hit; all of them unless told. */
  readonly times?: number;
}

/** What goes wrong with the next requests of a client or runner. */
export interface ApiFault {
  readonly method?: string;
  /** Tested against the path without `/api/v4`. */
  readonly path: RegExp;
  /** The answer given instead of the real one. */
  readonly status?: number;
  /** The connection is cut instead of an answer. */
  readonly isCutOff?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Was the request carried out although the answer is lost? */
  readonly isCarriedOut?: boolean;
  readonly delayMs?: number;
  readonly times?: number;
}

/** Requests per minute allowed to one access token. */
export interface RateLimit {
  readonly perMinute: number;
  /** Some of GitLab's 429 answers carry no header at all. */
  readonly withoutHeaders?: boolean;
}

/** Faults in force; changed by tests and by the demo while the simulator runs. */
export interface Faults {
  addHookFault(fault: HookFault): void;
  addApiFault(fault: ApiFault): void;
  setRateLimit(limit: RateLimit | undefined): void;
  clear(): void;
  /** Used up by the delivery that takes it. */
  takeHookFault(trigger: HookTrigger): HookFault | undefined;
  takeApiFault(method: string, path: string): ApiFault | undefined;
  rateLimit(): RateLimit | undefined;
}

interface Counted<Fault> {
  readonly fault: Fault;
  left: number;
}

export function createFaults(): Faults {
  let hookFaults: Counted<HookFault>[] = [];
  let apiFaults: Counted<ApiFault>[] = [];
  let limit: RateLimit | undefined;
  return {
    addHookFault: (fault) => {
      hookFaults.push(count(fault));
    },
    addApiFault: (fault) => {
      apiFaults.push(count(fault));
    },
    setRateLimit: (next) => {
      limit = next;
    },
    clear() {
      hookFaults = [];
      apiFaults = [];
      limit = undefined;
    },
    takeHookFault: (trigger) =>
      take(hookFaults, (fault) => fault.trigger === undefined || fault.trigger === trigger),
    takeApiFault: (method, path) =>
      take(
        apiFaults,
        (fault) => (fault.method === undefined || fault.method === method) && fault.path.test(path),
      ),
    rateLimit: () => limit,
  };
}

function count<Fault extends { readonly times?: number }>(fault: Fault): Counted<Fault> {
  return { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
}

function take<Fault>(list: Counted<Fault>[], isHit: (fault: Fault) => boolean): Fault | undefined {
  const found = list.find((entry) => entry.left > 0 && isHit(entry.fault));
  if (found === undefined) return undefined;
  found.left--;
  return found.fault;
}
