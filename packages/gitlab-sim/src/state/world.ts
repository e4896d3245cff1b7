import type { AccessToken, Group, User } from './accounts.ts';
import type { Hook, HookDelivery } from './hook.ts';
import type { Job, Pipeline } from './job.ts';
import type { DeployKey, Project } from './project.ts';
import type { Runner, RunnerManager } from './runner.ts';
import type { PipelineSchedule } from './schedule.ts';

/** A request that a stricter GitLab would not have understood: a mistake of the client under test. */
export interface Violation {
  readonly kind: 'unknown_route' | 'unknown_field' | 'missing_field' | 'bad_value';
  readonly method: string;
  readonly path: string;
  readonly detail: string;
}

/** Everything the simulated GitLab knows. In memory; dies with the process. */
export interface World {
  readonly users: Map<number, User>;
  /** By value. */
  readonly tokens: Map<string, AccessToken>;
  readonly groups: Map<number, Group>;
  readonly projects: Map<number, Project>;
  readonly runners: Map<number, Runner>;
  readonly managers: Map<number, RunnerManager>;
  readonly pipelines: Map<number, Pipeline>;
  readonly jobs: Map<number, Job>;
  readonly hooks: Map<number, Hook>;
  readonly deployKeys: Map<number, DeployKey>;
  readonly schedules: Map<number, PipelineSchedule>;
  readonly deliveries: HookDelivery[];
  readonly violations: Violation[];
  nextId(kind: IdKind): number;
}

/** Sequences start apart, so that an id used in the wrong place is not found instead of hitting something. */
const firstIds = {
  user: 1,
  token: 21,
  group: 51,
  project: 101,
  hook: 301,
  runner: 701,
  manager: 801,
  deployKey: 901,
  schedule: 951,
  pipeline: 5001,
  job: 10_001,
  delivery: 90_001,
} as const;
export type IdKind = keyof typeof firstIds;

export function createWorld(): World {
  const last = new Map<IdKind, number>();
  return {
    users: new Map(),
    tokens: new Map(),
    groups: new Map(),
    projects: new Map(),
    runners: new Map(),
    managers: new Map(),
    pipelines: new Map(),
    jobs: new Map(),
    hooks: new Map(),
    deployKeys: new Map(),
    schedules: new Map(),
    deliveries: [],
    violations: [],
    nextId(kind) {
      const id = (last.get(kind) ?? firstIds[kind] - 1) + 1;
      last.set(kind, id);
      return id;
    },
  };
}
