import { type EggConfig, splitServerProject } from '@polar-gosling/domain';
import { type MessageKind, outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { readFailing } from '../long-lived/read-set.ts';
import { longLivedSets, runOfSet } from '../long-lived/sets.ts';
import { liveRunners } from '../rows/live-runners.ts';
import { getRows, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { dirtyWrites } from '../rows/writes.ts';
import { nextTryAt } from '../run/failing-runs.ts';
import { sweepIntervalMs } from '../sweep/sweep-interval.ts';
import { readNestRow } from '../sync/write-nest.ts';
import { nestBinding } from '../webhooks/handle.ts';

const sweepBuckets = 16;
const forgottenAfterMs = 30_000;
/** Dead letters: looked for by one process, and told of once an hour. */
const buriedLook = { schedule: 'buried', everyMs: 15_000 } as const;
const buriedAlarm = { schedule: 'buried-alarm', everyMs: 3_600_000 } as const;
/** So often a cloud is asked for machines that outlived their runners. */
const machineSweep = { schedule: 'machines', everyMs: 15 * 60_000 } as const;
const blobSweep = { schedule: 'blobs', everyMs: 86_400_000 } as const;
/** So often a plan back of a long-lived set is looked at: it may have grown old. */
const armed = { schedule: 'armed', everyMs: 3_600_000 } as const;
const ticksKeptMs = 2 * 86_400_000;
const nestBindEveryMs = 5 * 60_000;
/** A group tells nobody of its new projects. */
const groupBindEveryMs = 5 * 60_000;
/** A little more often than a state grows old. */
const drift = { schedule: 'drift', everyMs: 5 * 60_000 } as const;
const liveStates = ['requested', 'provisioning', 'booting', 'terminating', 'failed'] as const;

/**
 * Everything that is due now: timers, sweeps, deadlines, what was forgotten. Safe to repeat and to run twice. A part
 * that fails does not keep the others from running; the first failure is thrown at the end.
 */
export async function tick(deps: InternalDeps, options: CallOptions): Promise<void> {
  const { syncEveryMs, pruneEveryMs } = deps.settings;
  const sync = { schedule: 'sync', everyMs: syncEveryMs, message: { kind: 'sync', key: 'nest' } } as const;
  const prune = { schedule: 'prune', everyMs: pruneEveryMs, message: { kind: 'prune', key: 'all' } } as const;
  const blobs = { ...blobSweep, message: { kind: 'collect', key: 'blobs' } } as const;
  const machines = { ...machineSweep, message: { kind: 'collect', key: 'machines' } } as const;
  const hasClouds = Object.keys(deps.cloudMachines ?? {}).length > 0;
  const bindKey = { kind: 'bind', key: nestBinding } as const;
  const parts: readonly (() => Promise<unknown>)[] = [
    () => takeSlot(deps, sync, options),
    () => takeSlot(deps, prune, options),
    () => takeSlot(deps, { schedule: 'bind', everyMs: nestBindEveryMs, message: bindKey }, options),
    () => takeSlot(deps, blobs, options),
    () => armedDue(deps, options),
    () => failingSetsDue(deps, options),
    async () => hasClouds && takeSlot(deps, machines, options),
    () => groupsDue(deps, options),
    () => sweepsDue(deps, options),
    () => forgottenEggs(deps, options),
    () => deadlinesPassed(deps, options),
    () => driftDue(deps, options),
    () => deps.queue.sendDue(options),
    () => tellOfBuried(deps, options),
  ];
  const failures: unknown[] = [];
  for (const part of parts) {
    options.signal.throwIfAborted();
    try {
      await part();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function tellOfBuried(deps: InternalDeps, options: CallOptions): Promise<void> {
  if (!(await takeSlot(deps, buriedLook, options))) return;
  const { buried } = await deps.queue.stats(options);
  const isNews = buried > 0 && (await takeSlot(deps, buriedAlarm, options));
  if (isNews) deps.log.error('messages were put aside and wait for a person', { count: buried });
}

/** One taker per time slot, however many processes tick; its message is sent in the same transaction. */
async function takeSlot(
  deps: InternalDeps,
  at: { schedule: string; everyMs: number; message?: { kind: MessageKind; key: string } },
  options: CallOptions,
): Promise<boolean> {
  const now = deps.clock.now();
  const slot = Math.floor(now / at.everyMs);
  const key = { table: 'ticks', partition: at.schedule, sort: slot } as const;
  const [taken] = await deps.store.get([key], options);
  if (taken) return false;
  const row = {
    schedule: at.schedule,
    minute: slot,
    by: deps.settings.holder,
    expires_at: now + ticksKeptMs,
  };
  const unit: Write[] = [{ kind: 'put', table: 'ticks', row, when: { kind: 'absent' } }];
  if (at.message) unit.push(outboxWrite({ ...at.message, trace: deps.ids.next() }, deps));
  const outcome = await deps.store.commit(unit, options);
  if (at.message && outcome.kind === 'ok') deps.queue.wake();
  return outcome.kind === 'ok';
}

async function send(
  deps: InternalDeps,
  message: { kind: MessageKind; key: string },
  options: CallOptions,
): Promise<void> {
  await deps.store.commit([outboxWrite({ ...message, trace: deps.ids.next() }, deps)], options);
  deps.queue.wake();
}

/** Eggs of groups look for projects that have come or gone. */
async function groupsDue(deps: InternalDeps, options: CallOptions): Promise<void> {
  const everyMs = Math.max(groupBindEveryMs, deps.settings.sweepEveryMs);
  if (!(await takeSlot(deps, { schedule: 'groups', everyMs }, options))) return;
  const names = (await readNestRow(deps, options))?.eggs ?? [];
  const keys = names.map((partition) => ({ partition }));
  for (const egg of await getRows(deps.store, { ...typed.eggConfigs, keys }, options)) {
    const config: EggConfig = egg.config;
    if (config.scopes.some(({ scope }) => scope === 'group')) {
      await send(deps, { kind: 'bind', key: egg.name }, options);
    }
  }
}

async function sweepsDue(deps: InternalDeps, options: CallOptions): Promise<void> {
  const now = deps.clock.now();
  for (let bucket = 0; bucket < sweepBuckets; bucket++) {
    const query = { index: 'sweep_bucket', partition: String(bucket), to: now, limit: 50 };
    const { items } = await listPage(deps.store, { ...typed.projects, query }, options);
    for (const project of items) {
      // Moved on first, so that the next tick does not send it again; the sweep sets the right time.
      const key = { table: 'projects', partition: project.server_project } as const;
      const { server } = splitServerProject(project.server_project);
      const set = { next_sweep_at: now + (await sweepIntervalMs(deps, server, options)) };
      const when = { kind: 'version', version: project.version } as const;
      const message = { kind: 'sweep', key: project.server_project, trace: deps.ids.next() } as const;
      const unit: Write[] = [{ kind: 'update', key, set, when }, outboxWrite(message, deps)];
      const outcome = await deps.store.commit(unit, options);
      if (outcome.kind === 'ok') deps.queue.wake();
    }
  }
}

/** Dirty Eggs whose message was lost: not sooner than a failing one would be tried again by itself. */
async function forgottenEggs(deps: InternalDeps, options: CallOptions): Promise<void> {
  if (!(await takeSlot(deps, { schedule: 'forgotten', everyMs: forgottenAfterMs }, options))) return;
  // All of them: Eggs that keep failing stay in this list, and must not hide those behind them.
  const query = { index: 'dirty', partition: '1', to: deps.clock.now() - forgottenAfterMs };
  const dirty = await listAll(deps.store, { ...typed.eggState, query }, options);
  for (const { egg_name: egg } of dirty) await send(deps, { kind: 'reconcile', key: egg }, options);
}

/** Shards with machines in a cloud: a run that has nothing else to do compares a state that has grown old. */
async function driftDue(deps: InternalDeps, options: CallOptions): Promise<void> {
  if (!(await takeSlot(deps, drift, options))) return;
  const names = (await readNestRow(deps, options))?.eggs ?? [];
  for (const name of names) {
    // Where they are, not where the Egg's next ones would be.
    const inCloud = (await liveRunners(deps, name, options)).filter((row) => row.cloud_provider !== 'local');
    const shards = new Set(inCloud.map(({ shard }) => shard));
    for (const shard of shards) await send(deps, { kind: 'run', key: `${name}#${shard}` }, options);
  }
}

async function armedDue(deps: InternalDeps, options: CallOptions): Promise<void> {
  if (!(await takeSlot(deps, armed, options))) return;
  for (const set of longLivedSets) {
    const query = { partition: set, limit: 1 } as const;
    const { items } = await listPage(deps.store, { ...typed.deployments, query }, options);
    if (items.length > 0) await send(deps, runOfSet(set), options);
  }
}

/** Sets that could not be brought into force, when their back-off is over. */
async function failingSetsDue(deps: InternalDeps, options: CallOptions): Promise<void> {
  if (!(await takeSlot(deps, { schedule: 'failing-sets', everyMs: forgottenAfterMs }, options))) return;
  for (const set of longLivedSets) {
    const failing = await readFailing(deps, set, options);
    if (failing !== undefined && nextTryAt(failing) <= deps.clock.now()) {
      await send(deps, runOfSet(set), options);
    }
  }
}

/** Runners whose state should have been left: the planner decides; shards with work left are run again. */
async function deadlinesPassed(deps: InternalDeps, options: CallOptions): Promise<void> {
  const now = deps.clock.now();
  if (!(await takeSlot(deps, { schedule: 'deadlines', everyMs: forgottenAfterMs }, options))) return;
  for (const state of liveStates) {
    const query = { index: 'state', partition: state };
    for (const row of await listAll(deps.store, { ...typed.runners, query }, options)) {
      const isStuck = now - row.state_since > forgottenAfterMs;
      if ((row.deadline_at ?? Number.POSITIVE_INFINITY) <= now) {
        await deps.store.commit(dirtyWrites(row.egg_name, { trace: row.id }, deps), options);
      }
      if (isStuck && row.state !== 'booting') {
        await send(deps, { kind: 'run', key: `${row.egg_name}#${row.shard}` }, options);
      }
    }
  }
}
