import { type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';

/**
 * A runner's machine as its host or cloud sees it; `undefined`: it knows of none. Only its own cloud can say that a
 * machine is gone: that this host has none proves nothing. Fails with MACHINES_UNAVAILABLE.
 */
export async function lookAtMachine(
  deps: Pick<InternalDeps, 'machines' | 'cloudMachines'>,
  row: Pick<RunnerRow, 'id' | 'type' | 'region' | 'cloud_provider'>,
  options: CallOptions,
): Promise<Machine | undefined> {
  const { id, type, region, cloud_provider: provider } = row;
  if (provider !== 'aws' && provider !== 'yandex') return deps.machines.status(id, options);
  const machines = deps.cloudMachines?.[provider];
  if (machines === undefined) throw machinesErrors.unavailable({ reason: `nothing asks ${provider} here` });
  return machines.status({ runnerId: id, type, region }, options);
}
