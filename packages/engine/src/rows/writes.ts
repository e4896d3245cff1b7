import type { Clock, IdSource } from '@polar-gosling/kernel';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { Row, Write } from '@polar-gosling/ports/store';

const dayMs = 86_400_000;
const auditKeptMs = 400 * dayMs;

export interface AuditEntry {
  /** `reconcile`, `uglyfox`, `sync`, `agent`, or a token's name. */
  readonly actor: string;
  readonly action: string;
  readonly resourceType:
    | 'egg'
    | 'runner'
    | 'run'
    | 'registration'
    | 'hook'
    | 'token'
    | 'sync'
    | 'switch'
    | 'deployment'
    | 'task'
    | 'tool'
    | 'cache';
  readonly resourceId: string;
  /** Why, by which rule, before and after. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A value of the domain as a column: plain JSON, nothing `undefined` in it. */
export function toJson(value: object): Row[string] {
  return JSON.parse(JSON.stringify(value));
}

type Made = { readonly clock: Clock; readonly ids: IdSource };

/** The line that says who changed what, and why. */
export function auditWrite(entry: AuditEntry, made: Made): Write {
  const now = made.clock.now();
  return {
    kind: 'put',
    table: 'audit_logs',
    row: {
      day: new Date(now).toISOString().slice(0, 10),
      id: made.ids.next(),
      timestamp: now,
      actor: entry.actor,
      action: entry.action,
      resource_type: entry.resourceType,
      resource_id: entry.resourceId,
      details: JSON.parse(JSON.stringify(entry.details)),
      expires_at: now + auditKeptMs,
    },
    when: { kind: 'absent' },
  };
}

/** The two writes that make an Egg's reconcile look again: a mark that outlives a lost message, and the message. */
export function dirtyWrites(
  egg: string,
  why: {
    trace: string;
    delayMs?: number;
    /** Boots that failed. */
    failures?: number;
    /** Other columns of the state that change with it. */
    set?: Row;
  },
  made: Made,
): Write[] {
  const { failures, set, ...message } = why;
  return [
    {
      kind: 'update',
      key: { table: 'egg_state', partition: egg },
      add: { dirty_generation: 1, ...(failures ? { failures } : {}) },
      set: { dirty: '1', ...(failures ? { failed_at: made.clock.now() } : {}), ...set },
      when: { kind: 'any' },
    },
    outboxWrite({ kind: 'reconcile', key: egg, ...message }, made),
  ];
}

/** A member row: what an Egg has alive (runner, open CI job, run in flight, plan in force); written with what it names. */
export function memberWrite(egg: string, item: string, state: string | undefined): Write {
  const key = { table: 'egg_members', partition: egg, sort: item } as const;
  return state === undefined
    ? { kind: 'delete', key, when: { kind: 'any' } }
    : { kind: 'update', key, set: { state }, when: { kind: 'any' } };
}

export const member = {
  runner: (id: string) => `runner#${id}`,
  job: (serverProject: string, jobId: number) => `${member.jobsOf(serverProject)}${jobId}`,
  /** What the names of a project's jobs begin with. */
  jobsOf: (serverProject: string) => `job#${serverProject}#`,
  run: (shard: number, id: string) => `run#${shard}#${id}`,
  /** The plan that is in force in a shard: its state is the plan's id. */
  plan: (shard: number) => `plan#${shard}`,
};
