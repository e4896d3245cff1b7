import { ownerOf } from '@polar-gosling/domain';
import { type CloudMachineRef, type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { entryOf } from '../rows/entry-of.ts';

/**
 * A runner's machine as its host or cloud sees it; `undefined`: it knows of none. Only its own cloud can say that a
 * machine is gone: that this host has none proves nothing. Fails with MACHINES_UNAVAILABLE.
 */
export async function lookAtMachine(
  deps: Pick<InternalDeps, 'machines' | 'cloudMachines'>,
  row: Pick<RunnerRow, 'id' | 'type' | 'region' | 'cloud_provider' | 'entry'>,
  options: CallOptions,
): Promise<Machine | undefined> {
  const { id, cloud_provider: provider } = row;
  if (provider !== 'aws' && provider !== 'yandex') return deps.machines.status(id, options);
  const machines = deps.cloudMachines?.[provider];
  if (machines === undefined) throw machinesErrors.unavailable({ reason: `nothing asks ${provider} here` });
  return machines.status(refOf(row), options);
}

/** By its own entry and not by our settings, which may have changed since it was made. */
function refOf(row: Pick<RunnerRow, 'id' | 'type' | 'region' | 'entry'>): CloudMachineRef {
  const { id, type, region } = row;
  const made = entryOf(row);
  const { installation, folder } = ownerOf(made);
  if (installation === undefined) {
    throw machinesErrors.unavailable({
      reason: 'nothing tells under what name of an installation it was made',
    });
  }
  const { cluster } = made.container ?? {};
  const { subnet_id: subnet } = made;
  return {
    ...{ runnerId: id, type, region, installation, name: made.name },
    ...(cluster === undefined ? {} : { cluster }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(folder === undefined ? {} : { folder }),
  };
}
