import { containerName, sharedKeyOf } from '@polar-gosling/domain';
import type { RunnerEntry, TofuOutcome, TofuRunRequest, TofuStart } from '@polar-gosling/ports/tofu';

/** What a cloud has, and which runners were ever wanted. */
interface World {
  /** Names of the containers that there are. */
  readonly containers: Set<string>;
  readonly entries: ReadonlyMap<string, string>;
  readonly machines: ReadonlyMap<string, unknown>;
}

/** One run, with the state of its shard. */
interface Run {
  readonly request: Pick<TofuRunRequest, 'wanted'>;
  readonly state: ReadonlyMap<string, boolean>;
  /** Containers by key; `false`: made by half. */
  readonly shared: Map<string, boolean>;
}

/** Is the runner an invocation, which OpenTofu only records? */
export function isRecord(world: Pick<World, 'entries'>, runnerId: string): boolean {
  return containerKeyOf(world, runnerId) !== undefined;
}

/** What is not there any more leaves the state. */
export function refreshShared(
  { containers }: World,
  { request, shared }: Pick<Run, 'request' | 'shared'>,
): void {
  for (const key of shared.keys()) {
    if (!containers.has(containerName(key, request.wanted.shard))) shared.delete(key);
  }
}

export function sharedAddress(key: string): string {
  return `module.container["${key}"].container`;
}

/** Tells the state of a runner's container, where it is an invocation; what it has stays. */
export function adoptShared(world: World, { request, shared }: Run, runnerId: string): boolean {
  const key = containerKeyOf(world, runnerId);
  if (key === undefined) return false;
  if (world.containers.has(containerName(key, request.wanted.shard)))
    shared.set(key, shared.get(key) ?? true);
  return true;
}

/** What becomes of the containers of a shard, by their keys. */
export function sharedActions(world: World, { request, shared }: Run): Map<string, readonly string[]> {
  const ids = [...request.wanted.entries.keys()];
  const wanted = new Set(ids.flatMap((runnerId) => containerKeyOf(world, runnerId) ?? []));
  const actionsOf = (key: string) => {
    if (!wanted.has(key)) return ['delete'];
    if (!shared.has(key)) return ['create'];
    return shared.get(key) ? ['no-op'] : ['delete', 'create'];
  };
  return new Map([...new Set([...wanted, ...shared.keys()])].map((key) => [key, actionsOf(key)]));
}

/** Runners that are recorded, with their containers. */
export function startsOf(world: World, { request, state, shared }: Run): TofuStart[] {
  return [...state.keys()].flatMap((runnerId) => {
    const key = containerKeyOf(world, runnerId);
    if (key === undefined || !shared.has(key)) return [];
    const id = containerName(key, request.wanted.shard);
    return [{ runnerId, container: { id, url: id } }];
  });
}

/**
 * Removes and makes containers. One that goes takes its invocations with it (`ended`); one whose name is taken cannot be
 * made. `half`: the first that is made is made by half; `killed`: no state tells of it.
 */
export function applyShared(
  world: World,
  on: Run,
  fault: string,
): {
  readonly ended: readonly string[];
  readonly failure?: Partial<Extract<TofuOutcome, { kind: 'failed' }>>;
} {
  const nameOf = (key: string) => containerName(key, on.request.wanted.shard);
  const actions = [...sharedActions(world, on)];
  const which = (action: string) => actions.flatMap(([key, all]) => (all.includes(action) ? [key] : []));
  const [removed, made] = [which('delete'), which('create')];
  const ended = [...world.machines.keys()].filter(
    (id) => on.state.has(id) && removed.includes(containerKeyOf(world, id) ?? ''),
  );
  if (fault === 'keeps_shared' && removed.length > 0) {
    return { ended: [], failure: { summary: 'code = Internal' } };
  }
  for (const key of removed) world.containers.delete(nameOf(key));
  if (fault !== 'killed') for (const key of removed) on.shared.delete(key);
  if (made.some((key) => world.containers.has(nameOf(key)))) {
    return { ended, failure: { class: 'retryable', summary: 'code = AlreadyExists' } };
  }
  for (const key of made) world.containers.add(nameOf(key));
  if (fault !== 'killed') for (const key of made) on.shared.set(key, fault !== 'half');
  if (fault !== 'half' || made.length === 0) return { ended };
  return { ended, failure: { summary: 'code = Internal' } };
}

function containerKeyOf({ entries }: Pick<World, 'entries'>, runnerId: string): string | undefined {
  const entry: RunnerEntry = JSON.parse(entries.get(runnerId) ?? '{}');
  return entry.provider === 'yandex' && entry.type === 'serverless' ? sharedKeyOf(entry) : undefined;
}
