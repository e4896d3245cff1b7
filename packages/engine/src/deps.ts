import type { CompiledRule, PolicyRule } from '@polar-gosling/domain';
import type { EngineDeps } from './api/engine.ts';
import type { EventHub } from './events/event-hub.ts';
import type { LeaseWatch } from './leases/lease.ts';
import type { LatelyRead } from './webhooks/lately.ts';

/** The version of OpenTofu that this process brought to its host last, and when it looked. */
export interface FollowedTofu {
  lookedAt: number;
  /** When the versions on this host were tidied. */
  tidiedAt: number;
  sha256: string | undefined;
}

/** What the use cases get: what the process was built with, and what it remembers while it lives. */
export interface InternalDeps extends EngineDeps {
  /** Leases of others this process watches. */
  readonly watch: LeaseWatch;
  /** What was counted a moment ago. */
  readonly bound: { counted?: { readonly at: number; readonly byServer: ReadonlyMap<string, number> } };
  /** The version of OpenTofu this process brought to its host. */
  readonly followed: FollowedTofu;
  /** What was just read of tokens and projects. */
  readonly lately: LatelyRead;
  /** Whoever watches what happens here. */
  readonly events: EventHub;
  readonly compileRule: (rule: PolicyRule) => CompiledRule;
}
