import type { CompiledRule, PolicyRule } from '@polar-gosling/domain';
import type { EngineDeps } from './api/engine.ts';
import type { LeaseWatch } from './leases/lease.ts';

/** What the use cases get: what the process was built with, and what it remembers while it lives. */
export interface InternalDeps extends EngineDeps {
  /** Leases of others this process watches. */
  readonly watch: LeaseWatch;
  /** What was counted a moment ago. */
  readonly bound: { counted?: { readonly at: number; readonly byServer: ReadonlyMap<string, number> } };
  readonly compileRule: (rule: PolicyRule) => CompiledRule;
}
