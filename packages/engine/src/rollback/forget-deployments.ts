import { forgottenDeployments } from '@polar-gosling/domain';
import { type CallOptions, maxUnitWrites, type Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitUnderLease, type Lease } from '../leases/lease.ts';
import { readSet } from '../long-lived/read-set.ts';
import { isLongLived } from '../long-lived/sets.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/** Keeps the last 20 deployments of an Egg, and every one that a pin, a live runner or a set in force names. */
export async function forgetDeployments(
  deps: InternalDeps,
  at: { egg: string; lease: Lease },
  options: CallOptions,
): Promise<void> {
  const query = { partition: at.egg, order: 'desc' } as const;
  const deployments = await listAll(deps.store, { ...typed.deployments, query }, options);
  const ids = deployments.map(({ id }) => id);
  if (forgottenDeployments(ids, new Set()).length === 0) return;
  const forgotten = forgottenDeployments(ids, await named(deps, at.egg, options));
  const unit = forgotten.slice(0, maxUnitWrites - 1).map((sort): Write => {
    const key = { table: 'deployments', partition: at.egg, sort } as const;
    return { kind: 'delete', key, when: { kind: 'any' } };
  });
  const what = `the deployments of ${at.egg}`;
  if (unit.length > 0) await commitUnderLease(deps, { lease: at.lease, unit, what }, options);
}

async function named(deps: InternalDeps, egg: string, options: CallOptions): Promise<Set<string>> {
  const pin = await getRow(deps.store, { ...typed.pins, key: { partition: egg } }, options);
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
  const keys = members.flatMap(({ item }) =>
    item.startsWith('runner#') ? [{ partition: item.slice('runner#'.length) }] : [],
  );
  const runners = await getRows(deps.store, { ...typed.runners, keys }, options);
  const inForce = isLongLived(egg) ? (await readSet(deps, egg, options)).inForce : undefined;
  const rows = [pin, inForce, ...runners];
  return new Set(rows.map((row) => row?.deployment_id).filter((id) => id !== undefined));
}
