import type { Machine } from '@polar-gosling/ports/machines';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { lookAtMachine } from '../reconcile/look-at-machine.ts';

/** A create that was begun may still make its machine: providers have 5 minutes for it. */
const appearsWithinMs = 6 * 60_000;

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
    else if (machine !== undefined) found.push(machine);
    else if (deps.clock.now() - since < appearsWithinMs) awaited.add(row.id);
  }
  return { found, awaited };
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
 * Only a cloud has machines that are found by their tags: those of this host the launcher ends, and an invocation of a
 * container of Yandex Cloud ends by itself.
 */
export function isToBeFound(row: RunnerRow): boolean {
  return row.cloud_provider !== 'local' && !isInvocation(row) && isUnknownToState(row) && !isGone(row);
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
    const machine = await lookAtMachine(deps, row, options);
    return machine?.state === 'gone' ? undefined : machine;
  } catch (error) {
    deps.log.warn('a machine that may exist could not be looked for', { runnerId: row.id, error });
    return 'not answered';
  }
}
