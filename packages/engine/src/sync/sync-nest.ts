import { checkSync } from '@polar-gosling/domain';
import { isCoded, stableJson, toProblem } from '@polar-gosling/kernel';
import { readNest } from '@polar-gosling/nest';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import { references } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, withLease } from '../leases/lease.ts';
import { getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { compareNest, type NestChange } from './compare.ts';
import { fetchHead } from './fetch-head.ts';
import { recordSync } from './record.ts';
import { readNestRow, writeNest } from './write-nest.ts';

/** Reads the Nest's newest commit, checks everything, and brings our rows to it. `busy`: somebody else does. */
export async function syncNest(
  deps: InternalDeps,
  options: CallOptions & { trace: string },
): Promise<'done' | 'busy'> {
  const at = { name: 'sync', watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, at, async (lease) => {
    try {
      await underLease(deps, lease, { ...options, signal: lease.signal });
    } catch (failure) {
      if (isCoded(failure, 'LEASE_LOST') || lease.signal.aborted) throw failure;
      const { code, detail } = toProblem(failure);
      const error = `${code}: ${detail}`;
      await recordSync(deps, { lease, commit: 'none', status: 'failed', error }, options);
      throw failure;
    }
  });
  return outcome.kind === 'busy' ? 'busy' : 'done';
}

async function underLease(
  deps: InternalDeps,
  lease: Lease,
  options: CallOptions & { trace: string },
): Promise<void> {
  const head = await fetchHead(deps, { git: deps.git, deployKey: references.deployKey }, options);
  const before = await readNestRow(deps, options);
  // Anew each time: they change without a restart, and an Egg in force may break them from then on.
  const limits = await deps.limits?.read(options);
  const isUnchanged =
    before?.commit === head.commit &&
    before.isUnfinished !== true &&
    before.revision === deps.settings.machineRevision &&
    stableJson(before.limits ?? null) === stableJson(limits ?? null);
  if (isUnchanged && before.status !== 'held') {
    await recordSync(deps, { lease, commit: head.commit, status: before.status, unchanged: true }, options);
    return;
  }
  const { files, leftOut } = await deps.git.readFlyFiles(head.commit, options);
  const read = readNest(files, {
    embedded: deps.settings.isEmbedded,
    ...(limits === undefined ? {} : { limits }),
    ...(deps.settings.environment === undefined ? {} : { environment: deps.settings.environment }),
  });
  const rows = await knownEggs(deps, before?.eggs ?? [], options);
  const change = compareNest({ read, files, rows, machineRevision: deps.settings.machineRevision });
  const at = { commit: head.commit, before: before?.commit, rows, change };
  const verdict = await checkGuard(deps, at, options);
  if (verdict.kind === 'held') {
    const why = verdict.reasons.map((reason) => reason.why).join('; ');
    await recordSync(deps, { lease, commit: head.commit, status: 'held', error: why, change }, options);
    return;
  }
  const status = change.invalid.length > 0 || change.badFiles.length > 0 ? 'partial' : 'success';
  const from = { known: before?.eggs ?? [], before: before?.commit ?? '' };
  await writeNest(deps, { lease, head, change, read, ...from, status, limits }, options);
  const diagnostics = [...read.diagnostics];
  for (const { path, reason } of leftOut) deps.log.warn('a file of the Nest was left out', { path, reason });
  await recordSync(deps, { lease, commit: head.commit, status, change, diagnostics }, options);
}

/** Rows of these Eggs, those that leave too. */
export async function knownEggs(
  deps: InternalDeps,
  names: readonly string[],
  options: CallOptions,
): Promise<EggConfigRow[]> {
  const keys = names.map((partition) => ({ partition }));
  return getRows(deps.store, { ...typed.eggConfigs, keys }, options);
}

/** A commit that takes much away, or rewinds the branch, waits for `gosling sync --confirm`. */
export async function checkGuard(
  deps: InternalDeps,
  at: {
    /** Absent: a working tree, which neither rewinds nor was confirmed. */
    commit: string | undefined;
    before: string | undefined;
    rows: readonly EggConfigRow[];
    change: NestChange;
  },
  options: CallOptions,
): Promise<ReturnType<typeof checkSync>> {
  const { commit, before, rows, change } = at;
  const [confirmation] =
    commit === undefined
      ? []
      : await deps.store.get([{ table: 'sync_confirmations', partition: commit }], options);
  const ancestry =
    commit === undefined || before === undefined ? 'yes' : await deps.git.isAncestor(before, commit, options);
  const active = rows.filter(({ status }) => status !== 'draining');
  const live = { before: 0, removed: 0 };
  for (const egg of active) {
    const count = await liveRunners(deps, egg.name, options);
    live.before += count;
    if (change.removed.includes(egg.name)) live.removed += count;
  }
  return checkSync({
    eggs: { before: active.length, removed: change.removed.length },
    runners: live,
    eggsAfter: change.eggs.length + change.invalid.length,
    isRewind: ancestry === 'no',
    isConfirmed: confirmation !== undefined,
  });
}

async function liveRunners(deps: InternalDeps, egg: string, options: CallOptions): Promise<number> {
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
  return members.filter(({ item }) => item.startsWith('runner#')).length;
}
