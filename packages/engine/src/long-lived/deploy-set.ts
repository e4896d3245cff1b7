import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { SetDeployment } from '../api/sets.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk, withEggLease } from '../leases/lease.ts';
import { forgetDeployments } from '../rollback/forget-deployments.ts';
import { liftPinWrites } from '../rollback/lift-pin.ts';
import { auditWrite, toJson } from '../rows/writes.ts';
import { storeBundle } from '../run/keep-bundle.ts';
import { readSet } from './read-set.ts';
import { runOfSet } from './sets.ts';

/** Opens a deployment of these files, unless the newest is of the same; the run of the set brings it into force. */
export async function deploySet(
  deps: InternalDeps,
  at: SetDeployment,
  options: CallOptions,
): Promise<{ deploymentId: string }> {
  const { ref: bundleRef, sha256 } = await storeBundle(deps, at.files, options);
  const leased = { egg: at.set, what: `the set ${at.set}`, signal: options.signal };
  const opened = await withEggLease(deps, leased, (lease) =>
    open(deps, { ...at, sha256, bundleRef, lease }, { signal: lease.signal }),
  );
  deps.queue.wake();
  return opened;
}

async function open(
  deps: InternalDeps,
  at: SetDeployment & { sha256: string; bundleRef: string; lease: Lease },
  options: CallOptions,
): Promise<{ deploymentId: string }> {
  const { set, lease, bundleRef } = at;
  const { deployments, pin } = await readSet(deps, set, options);
  const [latest] = deployments;
  if (latest?.bundle_ref === bundleRef) return { deploymentId: latest.id };
  const id = deps.ids.next();
  const details = { egg: set, commit: at.commit, bundle: bundleRef };
  const unit: Write[] = [
    lease.check(),
    {
      kind: 'put',
      table: 'deployments',
      row: {
        egg_name: set,
        id,
        machine_hash: at.sha256,
        config_hash: at.configHash,
        git_commit: at.commit,
        bundle_ref: bundleRef,
        state: 'running',
        started_at: deps.clock.now(),
        boots_failed: 0,
        jobs_succeeded: 0,
        machine: toJson({ provider: at.provider }),
      },
      when: { kind: 'absent' },
    },
    outboxWrite({ ...runOfSet(set), trace: id }, deps),
    auditWrite(
      { actor: 'deploy', action: 'deployment_opened', resourceType: 'deployment', resourceId: id, details },
      deps,
    ),
  ];
  if (latest?.state === 'running') {
    const before = { table: 'deployments', partition: set, sort: latest.id } as const;
    const ended = { state: 'superseded', ended_at: deps.clock.now() };
    const when = { kind: 'version', version: latest.version } as const;
    unit.push({ kind: 'update', key: before, set: ended, when });
  }
  const why = 'a commit has changed the set';
  if (pin !== undefined) unit.push(...liftPinWrites(deps, { pin, by: 'deploy', why, rule: 'pin_ends' }));
  requireOk(await deps.store.commit(unit, options), `the deployment of ${set}`);
  await forgetDeployments(deps, { egg: set, lease }, options);
  return { deploymentId: id };
}
