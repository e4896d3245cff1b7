import { ownerOf } from '@polar-gosling/domain';
import { kernelErrors } from '@polar-gosling/kernel';
import type { Machine, Machines } from '@polar-gosling/ports/machines';
import {
  type PlanChange,
  type RunnerEntry,
  type Tofu,
  type TofuCacheKind,
  type TofuCheck,
  type TofuEvent,
  type TofuOutcome,
  type TofuPlan,
  type TofuRun,
  type TofuRunRequest,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import {
  adoptShared,
  applyShared,
  isRecord,
  refreshShared,
  sharedActions,
  sharedAddress,
  startsOf,
} from './fake-shared.ts';

/** How one apply goes. `half`: the first thing it makes is made by half. `killed`: done, but no state
 * tells. `keeps_shared`: what runners shared cannot be removed. */
export type ApplyFault =
  | 'ok'
  | 'fails_before'
  | 'fails_after'
  | 'half'
  | 'keeps_shared'
  | 'ended_before'
  | 'ended_after'
  | 'killed';

export interface ModelMachine {
  readonly runnerId: string;
  readonly entry: RunnerEntry;
  readonly madeAt: number;
}

export interface FakeTofu {
  readonly tofu: Tofu;
  readonly machinesPort: Machines;
  /** What there really is, by runner id. */
  readonly machines: Map<string, ModelMachine>;
  /** Containers of serverless runners of Yandex Cloud, by name: the runners themselves are invocations of them. */
  readonly containers: Set<string>;
  /** Texts of the entries of all runners that were ever wanted, by runner id. */
  readonly entries: ReadonlyMap<string, string>;
  /** Runners that live on, though their cloud does not know a part of their machines any more. */
  readonly lostParts: Set<string>;
  /** Resources of each shard's state; `false`: made by half. */
  readonly states: Map<string, Map<string, boolean>>;
  /** The same of its containers, by their keys. */
  readonly shared: Map<string, Map<string, boolean>>;
  /** What must never be: an entry that changed, a machine made twice. */
  readonly violations: string[];
  /** One line per apply: `create a,b` or `delete a`. */
  readonly applied: string[];
  /** Chooses how each apply (and plan) goes; the default is `ok`. */
  nextApply: (run: { isRemoval: boolean }) => ApplyFault;
  nextPlan: () => 'ok' | 'fails';
  /** Before there is a run, as where providers cannot be had. */
  nextOpen: () => 'ok' | 'fails';
  /** What kind of failure a failed apply is. */
  failureClass: Extract<TofuOutcome, { kind: 'failed' }>['class'];
  /** Told before a machine is removed. */
  onRemove: (machine: ModelMachine) => void;
  /** What an apply takes. */
  applyMs: number;
  /** What OpenTofu tells while it plans. */
  tells: TofuEvent[];
  /** What its checks say of the machines. */
  checks: readonly TofuCheck[];
  /** Caches that were thrown away, in order. */
  readonly cleared: TofuCacheKind[];
}

interface Clock {
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const resource = (runnerId: string) => `module.runners.terraform_data.runner["${runnerId}"]`;

/** OpenTofu with its states and the machines it makes, in memory. */
export function createFakeTofu(clock: Clock): FakeTofu {
  const world: World = {
    clock,
    machines: new Map(),
    containers: new Set(),
    lostParts: new Set(),
    states: new Map(),
    shared: new Map(),
    violations: [],
    applied: [],
    entries: new Map(),
    lived: new Set(),
    nextApply: () => 'ok',
    nextPlan: () => 'ok',
    nextOpen: () => 'ok',
    failureClass: 'fatal',
    onRemove: () => undefined,
    applyMs: 2_000,
    cleared: [],
    tells: [],
    checks: [],
    serials: new Map(),
  };
  return Object.assign(world, { tofu: tofuOf(world), machinesPort: machinesOf(world) });
}

interface World extends Omit<FakeTofu, 'tofu' | 'machinesPort' | 'entries'> {
  readonly clock: Clock;
  readonly entries: Map<string, string>;
  readonly lived: Set<string>;
  /** How often each shard's state was written. */
  readonly serials: Map<string, number>;
}

function tofuOf(world: World): Tofu {
  return {
    host: { name: 'host', id: 'host-id', bootId: 'boot' },
    addressOf: resource,
    sharedAddresses: ['module.container'],
    tool: async () => ({
      path: '/bin/tofu',
      product: 'opentofu',
      version: '1.12.0',
      sha256: 'a'.repeat(64),
      source: 'PATH',
    }),
    async open(request) {
      if (world.nextOpen() === 'ok') return openRun(world, request);
      throw tofuErrors.providers({ providers: 'hashicorp/aws', reason: 'no network' });
    },
    settle: async () => 'settled',
    removeStray: async (runnerId) => removeMachine(world, runnerId),
    clearCache: async (kind) => world.cleared.push(kind),
  };
}

const instanceOf = (runnerId: string) => ({ type: 'aws_instance', id: `i-${runnerId}` });

function machinesOf(world: World): Machines {
  const view = ({ runnerId, entry }: ModelMachine): Machine => ({
    runnerId,
    egg: entry.egg_name,
    state: 'running',
    ...(entry.provider === 'local' ? {} : { ...ownerOf(entry), resources: [instanceOf(runnerId)] }),
  });
  return {
    list: async () => [...world.machines.values()].map(view),
    async status(runnerId) {
      const machine = world.machines.get(runnerId);
      return machine && view(machine);
    },
  };
}

function openRun(world: World, request: TofuRunRequest): TofuRun {
  const key = `${request.wanted.egg}#${request.wanted.shard}`;
  const state = world.states.get(key) ?? new Map<string, boolean>();
  world.states.set(key, state);
  const shared = world.shared.get(key) ?? new Map<string, boolean>();
  world.shared.set(key, shared);
  checkEntries(world, request.wanted);
  const on: Applying = { request, key, state, shared, gone: new Set() };
  return {
    pid: 4711,
    async plan(options) {
      options.signal.throwIfAborted();
      for (const event of world.tells) request.onEvent(event);
      if (world.nextPlan() === 'fails') throw tofuErrors.planFailed({ summary: 'no provider', detail: '' });
      checkProvider(world, on);
      refresh(world, on);
      return { ...planOf(world, on), ...headOf(world, on), checks: world.checks };
    },
    apply: (options) => apply(world, on, options.signal),
    async adopt(strays) {
      for (const { runnerId } of strays) {
        if (!request.wanted.entries.has(runnerId)) throw noSuchAddress(runnerId);
        if (adoptShared(world, on, runnerId)) continue;
        if (world.machines.has(runnerId)) state.set(runnerId, state.get(runnerId) ?? true);
      }
    },
    stateList: async () => [...[...state.keys()].map(resource), ...[...shared.keys()].map(sharedAddress)],
    bundle: () => new Map([['runners.json', JSON.stringify([...request.wanted.entries.keys()])]]),
    log: () => new TextEncoder().encode('{}\n'),
    dispose: async () => undefined,
  };
}

function noSuchAddress(runnerId: string) {
  return tofuErrors.planFailed({ summary: `no resource to import ${runnerId} to`, detail: '' });
}

function checkEntries(world: World, { entries, provider }: TofuRunRequest['wanted']): void {
  for (const [id, text] of entries) {
    if (providerOf(text) !== provider) {
      throw kernelErrors.impossible({ what: `the entry of runner ${id} is not for ${provider}` });
    }
    const before = world.entries.get(id) ?? text;
    if (before !== text) world.violations.push(`the entry of ${id} changed`);
    world.entries.set(id, before);
  }
}

/** As OpenTofu, which needs the provider of everything in the state, and that one a region. */
function checkProvider(world: World, { request, state }: Applying): void {
  const { provider, region } = request.wanted;
  const foreign = [...state.keys()].find(
    (id) => providerOf(world.entries.get(id) ?? '{}', provider) !== provider,
  );
  if (foreign === undefined && (region !== '' || provider !== 'aws')) return;
  const summary =
    foreign === undefined ? 'Invalid provider configuration' : 'Provider configuration not present';
  throw tofuErrors.planFailed({ summary, detail: foreign ?? region });
}

function providerOf(text: string, otherwise?: string): string | undefined {
  const entry: Partial<RunnerEntry> = JSON.parse(text);
  return entry.provider ?? otherwise;
}

/** What a cloud does not know any more leaves the plan; the state learns of it by the next apply. */
function refresh(world: World, { request, state, shared, gone }: Applying): void {
  if (request.wanted.provider === 'local' || request.refresh === false) return;
  for (const [id, isWhole] of state) {
    if (isWhole && !isRecord(world, id) && !world.machines.has(id)) gone.add(id);
  }
  refreshShared(world, { request, shared });
}

function planOf(world: World, on: Applying): TofuPlan {
  const { request, state, gone } = on;
  const { entries } = request.wanted;
  const change = (runnerId: string, actions: readonly string[]): PlanChange => ({
    address: resource(runnerId),
    runnerId,
    actions,
  });
  const known = [...state.keys()].filter((id) => !gone.has(id));
  const changes = [...new Set([...entries.keys(), ...known])].map((id) => {
    const isWhole = gone.has(id) ? undefined : state.get(id);
    if (isWhole === undefined) return change(id, ['create']);
    if (!entries.has(id)) return change(id, ['delete']);
    if (world.lostParts.has(id) && request.refresh !== false) return change(id, ['no-op', 'create']);
    return change(id, isWhole ? ['no-op'] : ['delete', 'create']);
  });
  const containers = [...sharedActions(world, on)].map(
    ([key, actions]): PlanChange => ({ address: sharedAddress(key), actions }),
  );
  const all = [...changes, ...containers];
  const count = (action: string) => all.filter(({ actions }) => actions.includes(action)).length;
  const summary = { add: count('create'), change: 0, destroy: count('delete') };
  const hasChanges = summary.add + summary.destroy > 0;
  return { changes: all, hasChanges, summary, gone: [...gone], starts: startsOf(world, on), redacted: {} };
}

interface Applying {
  readonly request: TofuRunRequest;
  /** Egg and shard. */
  readonly key: string;
  readonly state: Map<string, boolean>;
  readonly shared: Map<string, boolean>;
  /** Runners whose machines were not there when it was planned. */
  readonly gone: Set<string>;
}

async function apply(world: World, on: Applying, signal: AbortSignal): Promise<TofuOutcome> {
  const of = { isRemoval: planOf(world, on).summary.destroy > 0 };
  const fault = world.nextApply(of);
  try {
    await world.clock.sleep(world.applyMs, signal);
  } catch {
    // Its process was killed with it, somewhere on the way.
    const reached = world.nextApply(of);
    if (reached !== 'ok' && reached !== 'ended_before') carryOut(world, on, reached);
    return { kind: 'unknown', reason: 'interrupted' };
  }
  if (fault === 'ended_before') return { kind: 'unknown', reason: 'hard end' };
  if (fault === 'fails_before') return failure(world, [], []);
  return carryOut(world, on, fault);
}

/** The state is written, without these. */
function forget({ serials }: World, { key, state, gone }: Applying, removed: readonly string[]): void {
  serials.set(key, (serials.get(key) ?? 0) + 1);
  for (const id of [...removed, ...gone]) state.delete(id);
}

/** What the head of a state says; nothing before it was first written. */
function headOf({ serials }: World, { key }: Applying): { lineage?: string; serial?: number } {
  const serial = serials.get(key);
  return serial === undefined ? {} : { lineage: `lineage of ${key}`, serial };
}

/** Runners that a plan removes and makes. */
function changedBy({ changes }: TofuPlan): { removed: string[]; made: string[] } {
  const which = (action: string) =>
    changes.flatMap(({ runnerId, actions }) =>
      runnerId !== undefined && actions.includes(action) ? [runnerId] : [],
    );
  return { removed: which('delete'), made: which('create') };
}

/** What is said to be there is made of nothing that was looked up. */
function checkMade({ request }: Applying, made: readonly string[]): void {
  const living = made.filter((id) => request.wanted.living?.has(id));
  if (living.length > 0)
    throw kernelErrors.impossible({ what: `${living} was said to be there, and is made` });
}

function carryOut(world: World, on: Applying, fault: ApplyFault): TofuOutcome {
  const { removed, made } = changedBy(planOf(world, on));
  checkMade(on, made);
  const shared = applyShared(world, on, fault);
  const ended = [...removed.filter((one) => !isRecord(world, one)), ...shared.ended];
  for (const id of ended) removeMachine(world, id);
  if (fault !== 'killed') forget(world, on, removed);
  const gone = removed.map(resource);
  if (removed.length > 0) world.applied.push(`delete ${removed.length}`);
  // Its runners need what they share.
  if (shared.failure !== undefined) return { ...failure(world, [], gone), ...shared.failure };
  makeAll(world, on, { made, fault });
  if (made.length > 0) world.applied.push(`create ${made.length}`);
  const whole = made.filter((id) => on.state.get(id) === true).map(resource);
  if (fault === 'ended_after' || fault === 'killed') return { kind: 'unknown', reason: 'killed' };
  if (fault === 'fails_after' || (fault === 'half' && made.length > 0)) return failure(world, whole, gone);
  const known = { checks: world.checks, starts: startsOf(world, on) };
  return { kind: 'ok', ...headOf(world, on), applied: whole, removed: gone, ...known };
}

function makeAll(
  world: World,
  on: Applying,
  { made, fault }: { made: readonly string[]; fault: ApplyFault },
): void {
  for (const [index, id] of made.entries()) {
    const isHalf = fault === 'half' && index === 0 && !isRecord(world, id);
    if (!isHalf) makeMachine(world, on, id);
    if (fault !== 'killed') on.state.set(id, !isHalf);
  }
}

function failure(
  world: World,
  applied: readonly string[],
  removed: readonly string[],
): Extract<TofuOutcome, { kind: 'failed' }> {
  return { kind: 'failed', class: world.failureClass, summary: 'no capacity', detail: '', applied, removed };
}

function makeMachine(world: World, { request }: Applying, runnerId: string): void {
  if (world.machines.has(runnerId)) return;
  if (world.lived.has(runnerId)) world.violations.push(`${runnerId} was made twice`);
  world.lived.add(runnerId);
  // It is only recorded: whoever invokes its container makes it.
  if (isRecord(world, runnerId)) return;
  const entry: RunnerEntry = JSON.parse(request.wanted.entries.get(runnerId) ?? '{}');
  world.machines.set(runnerId, { runnerId, entry, madeAt: world.clock.now() });
}

function removeMachine(world: World, runnerId: string): void {
  const machine = world.machines.get(runnerId);
  if (machine === undefined) return;
  world.onRemove(machine);
  world.machines.delete(runnerId);
}
