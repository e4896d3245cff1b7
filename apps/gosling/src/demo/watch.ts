import type { Caller, Engine, RunnerView } from '@polar-gosling/engine';
import type { Clock } from '@polar-gosling/kernel';
import { pollUntil } from '@polar-gosling/kernel';

const everyMs = 50;
const patienceMs = 60_000;
const admin: Caller = { tokenId: 'demo', name: 'demo', role: 'admin' };

/** Waits for what the demo shows, by the same queries that the API answers. */
export interface Watch {
  until<Result>(what: string, check: () => Promise<Result | undefined> | Result | undefined): Promise<Result>;
  lastSync(commit: string): Promise<string | undefined>;
  runner(): Promise<RunnerView | undefined>;
  hasPlan(): Promise<string | undefined>;
  problems(): Promise<string>;
}

export function createWatch(deps: { engine: Engine; clock: Clock; egg: string; signal: AbortSignal }): Watch {
  const { engine, clock, egg, signal } = deps;
  const { queries } = engine;
  const options = { signal };
  return {
    until: (what, check) => pollUntil(check, { clock, everyMs, timeoutMs: patienceMs, what, signal }),
    async lastSync(commit) {
      const { items } = await queries.syncs(admin, { limit: 5 }, options);
      return items.find((row) => row.git_commit === commit)?.status;
    },
    async runner() {
      const { items } = await queries.runners(admin, { egg, limit: 1 }, options);
      return items[0];
    },
    async hasPlan() {
      const plans = await queries.plans(admin, { egg, limit: 1 }, options);
      const [plan] = plans?.items ?? [];
      return (
        plan &&
        `${plan.summary?.add ?? 0} to add, ${plan.summary?.change ?? 0} to change, ${plan.summary?.destroy ?? 0} to destroy`
      );
    },
    async problems() {
      const status = await queries.eggStatus(admin, egg, options);
      return (status?.problems ?? []).map(({ code, detail }) => `${code}: ${detail}`).join('; ');
    },
  };
}
