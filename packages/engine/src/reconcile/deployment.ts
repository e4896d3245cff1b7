import { machinePartOf } from '@polar-gosling/domain';
import type { CallOptions, DeploymentRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk } from '../leases/lease.ts';
import { listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, toJson } from '../rows/writes.ts';
import { noBackoff } from './backoff.ts';
import type { Observed } from './observe.ts';

/** A deployment has failed after so many boots without a success. */
const bootsAllowed = 3;

/**
 * The Egg's deployment: opened when its `machine_hash` changes (and for the first time), succeeded when a runner of it
 * has finished a job, failed after 3 boots in a row that failed for a reason of its own. Answers the id for new runners.
 */
export async function followDeployment(
  deps: InternalDeps,
  at: { seen: Observed; lease: Lease },
  options: CallOptions,
): Promise<string> {
  const { seen, lease } = at;
  const query = { partition: seen.egg.name, order: 'desc', limit: 1 } as const;
  const { items } = await listPage(deps.store, { ...typed.deployments, query }, options);
  const [latest] = items;
  if (latest === undefined || latest.machine_hash !== seen.egg.machine_hash) {
    return openDeployment(deps, { seen, lease, before: latest }, options);
  }
  const verdict = judge(latest, seen);
  // One that an earlier release opened: a rollback must be able to come back to it.
  const machine = latest.machine === undefined ? { machine: toJson(machinePartOf(seen.config)) } : undefined;
  if (verdict !== undefined || machine !== undefined) {
    const set = { ...machine, ...(verdict && { state: verdict, ended_at: deps.clock.now() }) };
    const key = { table: 'deployments', partition: seen.egg.name, sort: latest.id } as const;
    const unit: Write[] = [
      lease.check(),
      { kind: 'update', key, set, when: { kind: 'version', version: latest.version } },
    ];
    if (verdict !== undefined) {
      unit.push(deploymentAudit(deps, { seen, id: latest.id, action: `deployment_${verdict}` }));
    }
    requireOk(await deps.store.commit(unit, options), `deployment ${latest.id}`);
  }
  return latest.id;
}

async function openDeployment(
  deps: InternalDeps,
  at: { seen: Observed; lease: Lease; before: DeploymentRow | undefined },
  options: CallOptions,
): Promise<string> {
  const { seen, before } = at;
  const id = deps.ids.next();
  const unit: Write[] = [
    at.lease.check(),
    {
      kind: 'put',
      table: 'deployments',
      row: {
        egg_name: seen.egg.name,
        id,
        machine_hash: seen.egg.machine_hash,
        config_hash: seen.egg.config_hash,
        git_commit: seen.egg.git_commit,
        state: 'running',
        started_at: deps.clock.now(),
        boots_failed: 0,
        jobs_succeeded: 0,
        machine: toJson(machinePartOf(seen.config)),
      },
      when: { kind: 'absent' },
    },
    {
      kind: 'update',
      key: { table: 'egg_state', partition: seen.egg.name },
      set: { ...noBackoff },
      when: { kind: 'any' },
    },
    deploymentAudit(deps, { seen, id, action: 'deployment_opened' }),
  ];
  if (before?.state === 'running') {
    const key = { table: 'deployments', partition: seen.egg.name, sort: before.id } as const;
    const set = { state: 'superseded', ended_at: deps.clock.now() };
    unit.push({ kind: 'update', key, set, when: { kind: 'version', version: before.version } });
  }
  requireOk(await deps.store.commit(unit, options), `deployment of ${seen.egg.name}`);
  return id;
}

function judge(latest: DeploymentRow, seen: Observed): 'succeeded' | 'failed' | undefined {
  if (latest.state !== 'running' && latest.state !== 'failed') return undefined;
  const own = [...seen.runners.values()].filter((row) => row.deployment_id === latest.id);
  const hasWorked = own.some((row) => (seen.agents.get(row.id)?.jobs_done ?? 0) > 0);
  if (hasWorked) return 'succeeded';
  return latest.state === 'running' && latest.boots_failed >= bootsAllowed ? 'failed' : undefined;
}

function deploymentAudit(deps: InternalDeps, at: { seen: Observed; id: string; action: string }): Write {
  return auditWrite(
    {
      actor: 'reconcile',
      action: at.action,
      resourceType: 'deployment',
      resourceId: at.id,
      details: {
        egg: at.seen.egg.name,
        machineHash: at.seen.egg.machine_hash,
        commit: at.seen.egg.git_commit,
      },
    },
    deps,
  );
}
