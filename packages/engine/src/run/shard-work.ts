import type { Machine } from '@polar-gosling/ports/machines';
import type { RunnerRow } from '@polar-gosling/ports/store';
import { isInvocation, isUnknownToState, noStrays, type Strays } from './strays.ts';

/** Removals wait while a CI job waits for a launch, but not for ever. */
const removalPatienceMs = 10 * 60_000;
const removalBatch = 5;

/** What one OpenTofu run of a shard is for. Launches never wait for removals, so a run holds one kind only. */
export interface ShardWork {
  readonly kind: 'create' | 'remove' | 'adopt' | 'look';
  readonly targets: readonly RunnerRow[];
  /** Runners whose entries the bundle holds. */
  readonly wanted: readonly RunnerRow[];
  /** Machines of the targets that the state is to be told of. */
  readonly strays?: readonly Machine[];
}

/**
 * Chooses the next run of a shard from its live rows; `undefined`: nothing to do now. `atWork`: runners whose agents
 * may still have a job, which are not removed yet. `mayRemove`: no, while removals that failed back off. `failures`: of
 * removals in a row; each next one begins further on, so that a few that cannot go do not hold up the others. Pure.
 */
export function chooseWork(
  rows: readonly RunnerRow[],
  now: number,
  {
    atWork = new Set(),
    strays = noStrays,
    mayRemove = true,
    failures = 0,
  }: {
    atWork?: ReadonlySet<string>;
    strays?: Strays;
    mayRemove?: boolean;
    failures?: number;
  } = {},
): ShardWork | undefined {
  // While it is wanted nothing can be applied, and it cannot go yet.
  if (rows.some((row) => isTainted(row) && (atWork.has(row.id) || !mayRemove))) return undefined;
  const creatable = rows.filter(isCreatable);
  const removable = rows
    .filter(({ state }) => mayRemove && state === 'terminating')
    .filter(({ id }) => !atWork.has(id) && !strays.awaited.has(id))
    .toSorted((a, b) => a.state_since - b.state_since);
  const made = rows.filter(isInState);
  const [oldest] = removable;
  // What an interrupted apply began may stand in the state: it is settled first, or a removal would find it unwanted.
  const isInterrupted = creatable.some(({ state }) => state === 'provisioning');
  const isRemovalDue = !isInterrupted && oldest !== undefined && isOverdue(oldest, now);
  const tainted = removable.filter(isTainted);
  // As long as it is there nothing of its name can be made.
  const isNameTaken = rows.some((row) => isInvocation(row) && isAmong(strays.found, row));
  if (mayRemove && isNameTaken && tainted.length === 0) return adoption(rows, strays.found);
  if (creatable.length > 0 && !isRemovalDue && tainted.length === 0) {
    return { kind: 'create', targets: creatable, wanted: [...made, ...creatable] };
  }
  if (mayRemove && strays.found.length > 0 && tainted.length === 0) return adoption(rows, strays.found);
  if (removable.length === 0) return undefined;
  const targets = tainted.some(isInvocation)
    ? tainted // What they share goes with the last of them.
    : batchOf(tainted.length > 0 ? tainted : removable, failures);
  const gone = new Set(targets.map(({ id }) => id));
  const interrupted = creatable.filter(({ state }) => state === 'provisioning');
  return { kind: 'remove', targets, wanted: [...made, ...interrupted].filter(({ id }) => !gone.has(id)) };
}

function batchOf(rows: readonly RunnerRow[], turn: number): readonly RunnerRow[] {
  const from = rows.length > removalBatch ? (turn * removalBatch) % rows.length : 0;
  return [...rows.slice(from), ...rows.slice(0, from)].slice(0, removalBatch);
}

/** Nothing is to be done but to compare the state with its cloud. On this host there is nothing to compare. */
export function lookOver(rows: readonly RunnerRow[]): ShardWork | undefined {
  const wanted = rows.filter(isInState);
  const isInCloud = wanted.some((row) => row.cloud_provider !== 'local');
  return isInCloud && !wanted.some(isTainted) ? { kind: 'look', targets: [], wanted } : undefined;
}

/** A machine that no state knows is told to it first: what it knows it can remove. */
function adoption(rows: readonly RunnerRow[], strays: readonly Machine[]): ShardWork {
  const targets = rows.filter((row) => isAmong(strays, row));
  return { kind: 'adopt', targets, wanted: [...rows.filter(isInState), ...targets], strays };
}

function isAmong(strays: readonly Machine[], { id }: RunnerRow): boolean {
  return strays.some(({ runnerId }) => runnerId === id);
}

/** It has waited for its removal so long that launches are made elsewhere. */
export function isOverdue(row: Pick<RunnerRow, 'state' | 'state_since'>, now: number): boolean {
  return row.state === 'terminating' && now - row.state_since > removalPatienceMs;
}

/** Wanted as long as it is there. */
function isInState(row: RunnerRow): boolean {
  return row.made && row.state !== 'terminated' && !isUnknownToState(row);
}

/** Made by half: while it is wanted, every plan replaces it, and nothing else can be applied. It goes first. */
export function isTainted(row: Pick<RunnerRow, 'metadata'>): boolean {
  const metadata: { readonly tainted?: boolean } | undefined = row.metadata;
  return metadata?.tainted === true;
}

/** Its address has never existed, and it may still come into being. */
export function isCreatable(row: RunnerRow): boolean {
  return !row.made && (row.state === 'requested' || row.state === 'provisioning');
}
