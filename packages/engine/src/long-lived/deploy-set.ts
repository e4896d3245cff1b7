import { sha256Hex } from '@polar-gosling/kernel';
import { contentKey } from '@polar-gosling/ports/blobs';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { type CallOptions, storeErrors, type Write } from '@polar-gosling/ports/store';
import { packBundle } from '@polar-gosling/ports/tofu';
import type { SetDeployment } from '../api/sets.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk, withLeaseSoon } from '../leases/lease.ts';
import { forgetDeployments } from '../rollback/forget-deployments.ts';
import { liftPinWrites } from '../rollback/lift-pin.ts';
import { auditWrite, toJson } from '../rows/writes.ts';
import { readSet } from './read-set.ts';
import { shardOfSet } from './sets.ts';

const leasePatienceMs = 5_000;

/** Opens a deployment of these files, unless the newest is of the same; the run of the set brings it into force. */
export async function deploySet(
  deps: InternalDeps,
  at: SetDeployment,
  options: CallOptions,
): Promise<{ deploymentId: string }> {
  const bytes = packBundle(at.files);
  const sha256 = sha256Hex(bytes);
  const bundleRef = contentKey('bundles', sha256);
  // There before a row names it.
  await deps.blobs.write(bundleRef, bytes, options);
  const leased = { name: `egg/${at.set}`, watch: deps.watch, patienceMs: leasePatienceMs };
  const outcome = await withLeaseSoon(deps, { ...leased, signal: options.signal }, (lease) =>
    open(deps, { ...at, sha256, bundleRef, lease }, { signal: lease.signal }),
  );
  if (outcome.kind === 'busy') throw storeErrors.contended({ what: `the set ${at.set}`, attempts: 1 });
  deps.queue.wake();
  return outcome.result;
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
  const key = `${set}#${shardOfSet}`;
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
    outboxWrite({ kind: 'run', key, trace: id }, deps),
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
