import type { Clock, IdSource, Logger } from '@polar-gosling/kernel';
import type { GitlabHooks, GitlabPace, GitlabReader, GitlabRunners } from '@polar-gosling/ports/gitlab';
import type { Store } from '@polar-gosling/ports/store';
import { createAgents, type ProxySettings } from './agents.ts';
import { type BudgetOptions, createBudget, type RateLimitEvent } from './budget.ts';
import { createHooks } from './hooks.ts';
import { createHttp } from './http.ts';
import { defaultLimits, type HttpLimits } from './limits.ts';
import { createReader } from './reader.ts';
import { createRunners } from './runners.ts';
import { createSharedBudget } from './shared-budget.ts';
import { createGuardedLookup, type Resolve, resolveBySystem } from './ssrf.ts';

export interface GitlabDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** Allows servers on private and loopback addresses, and plain http. */
  readonly allowPrivate: boolean;
  readonly userAgent: string;
  readonly budget?: BudgetOptions;
  /** Where processes share the rate of a credential; absent: this is the only one. */
  readonly store?: Store;
  /** Absent: no proxy, whatever the environment says. */
  readonly proxy?: ProxySettings;
  readonly limits?: Partial<HttpLimits>;
  readonly resolve?: Resolve;
  readonly onRateLimit?: (event: RateLimitEvent) => void;
}

/** GitLab's REST API behind its three ports. */
export interface Gitlab {
  readonly reader: GitlabReader;
  readonly hooks: GitlabHooks;
  readonly runners: GitlabRunners;
  readonly pace: GitlabPace;
  /** Ends all connections. */
  close(): Promise<void>;
}

export function createGitlab(deps: GitlabDeps): Gitlab {
  const limits: HttpLimits = { ...defaultLimits, ...deps.limits };
  const lookup = createGuardedLookup({
    resolve: deps.resolve ?? resolveBySystem,
    allowPrivate: deps.allowPrivate,
  });
  const agents = createAgents({ limits, lookup, proxy: deps.proxy });
  const { clock, ids, logger, allowPrivate, userAgent, onRateLimit } = deps;
  const shared = deps.store && createSharedBudget({ store: deps.store, clock, logger });
  const { patienceMs } = limits;
  const budget = createBudget({ ...deps.budget, clock, ids, patienceMs, onRateLimit, shared });
  const http = createHttp({ clock, ids, logger, agents, budget, limits, allowPrivate, userAgent });
  return {
    reader: createReader(http),
    hooks: createHooks(http),
    runners: createRunners(http),
    pace: { perMinute: (server) => budget.perMinute(server) },
    close: () => agents.close(),
  };
}
