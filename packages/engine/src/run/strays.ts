import { containerName, ownerOf } from '@polar-gosling/domain';
import { type ContainerRef, type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { lookAtMachine } from '../reconcile/look-at-machine.ts';
import { entryOf } from '../rows/entry-of.ts';

/** A create that was begun may still make its machine: providers have 5 minutes for it. */
const appearsWithinMs = 6 * 60_000;
/** A container needs no room: it is there as soon as its cloud has taken the request. */
const containerAppearsWithinMs = 60_000;

/** What is known of machines that no state tells of. */
export interface Strays {
  /** Found by tag: to be told to the state, and removed after that. */
  readonly found: readonly Machine[];
  /** Runners whose machines may still appear. */
  readonly awaited: ReadonlySet<string>;
}

export const noStrays: Strays = { found: [], awaited: new Set() };

/**
 * Looks for the machines of runners that are to be removed and that the state does not know. One that is not there
 * yet is waited for as long as its create may last; a cloud that does not answer proves nothing.
 */
export async function lookForStrays(
  deps: Pick<InternalDeps, 'machines' | 'cloudMachines' | 'clock' | 'log'>,
  rows: readonly RunnerRow[],
  options: CallOptions,
): Promise<Strays> {
  const found: Machine[] = [];
  const awaited = new Set<string>();
  for (const row of rows) {
    if (row.state !== 'terminating' || !isToBeFound(row)) continue;
    const since = doubtfulSince(row) ?? 0;
    const machine = await find(deps, row, options);
    if (machine === 'not answered') awaited.add(row.id);
    else if (machine !== undefined && machine.state !== 'gone') found.push(machine);
    else if (deps.clock.now() - since < appearsWithin(row)) awaited.add(row.id);
    else if (machine?.resources?.length) found.push(machine); // what is left of one that is gone
  }
  return { found, awaited };
}

function appearsWithin(row: RunnerRow): number {
  return isInvocation(row) ? containerAppearsWithinMs : appearsWithinMs;
}

/** Since when nobody knows whether its machine exists; `undefined`: it is known. */
export function doubtfulSince({ metadata }: Pick<RunnerRow, 'metadata'>): number | undefined {
  const known: { readonly doubtful_since?: number } | undefined = metadata;
  return known?.doubtful_since;
}

/** It lives, but OpenTofu's state does not know it: wanted, it would be made again. Removed, it is a stray. */
export function isVanished({ metadata }: Pick<RunnerRow, 'metadata'>): boolean {
  const known: { readonly vanished?: boolean } | undefined = metadata;
  return known?.vanished === true;
}

/** Its cloud said so when a state that knew it was compared with it. */
export function isGone({ metadata }: Pick<RunnerRow, 'metadata'>): boolean {
  const known: { readonly gone?: boolean } | undefined = metadata;
  return known?.gone === true;
}

/** Nothing that a state says is said of it. */
export function isUnknownToState(row: RunnerRow): boolean {
  return isVanished(row) || doubtfulSince(row) !== undefined;
}

/**
 * Only a cloud has machines that are found by their tags: those of this host the launcher ends. An invocation ends by
 * itself; what an apply that was killed may have left is its container, whose name no other could have.
 */
export function isToBeFound(row: RunnerRow): boolean {
  if (row.cloud_provider === 'local' || !isUnknownToState(row) || isGone(row)) return false;
  return !isInvocation(row) || containerOf(row) !== undefined;
}

/** The container that it is an invocation of; `undefined`: an earlier release launched it, which did not say. */
function containerOf(row: Pick<RunnerRow, 'entry' | 'shard'>): ContainerRef | undefined {
  const made = entryOf(row);
  const { installation, folder } = ownerOf(made);
  if (made.container_key === undefined || installation === undefined) return undefined;
  const name = containerName(made.container_key, row.shard);
  return { name, installation, ...(folder === undefined ? {} : { folder }) };
}

/** Of a container of Yandex Cloud: OpenTofu only records it, and it is sent after the apply. */
export function isInvocation({ cloud_provider: provider, type }: RunnerRow): boolean {
  return provider === 'yandex' && type === 'serverless';
}

async function find(
  deps: Pick<InternalDeps, 'machines' | 'cloudMachines' | 'log'>,
  row: RunnerRow,
  options: CallOptions,
): Promise<Machine | 'not answered' | undefined> {
  try {
    if (isInvocation(row)) return await findContainer(deps, row, options);
    return await lookAtMachine(deps, row, options);
  } catch (error) {
    deps.log.warn('a machine that may exist could not be looked for', { runnerId: row.id, error });
    return 'not answered';
  }
}

/** Also one that serves others and that the state knows: to be told of it again changes nothing. */
async function findContainer(
  { cloudMachines }: Pick<InternalDeps, 'cloudMachines'>,
  row: RunnerRow,
  options: CallOptions,
): Promise<Machine | undefined> {
  const { id: runnerId, egg_name: egg } = row;
  const look = cloudMachines?.yandex?.container;
  const container = containerOf(row);
  if (look === undefined) throw machinesErrors.unavailable({ reason: 'nothing asks yandex here' });
  const resource = container && (await look(container, options));
  return resource && { runnerId, egg, state: 'running', resources: [resource] };
}
