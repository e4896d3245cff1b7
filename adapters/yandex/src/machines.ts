import { isCoded } from '@polar-gosling/kernel';
import { type CloudMachines, type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import { z } from 'zod';
import { type CloudCalls, reasonOf } from './cloud-calls.ts';
import type { IamTokens } from './iam-tokens.ts';

const computeUrl = 'https://compute.api.cloud.yandex.net';
const pageSize = '1000';
const mostPages = 20;

const Instances = z.object({
  instances: z
    .array(
      z.object({
        id: z.string().default(''),
        status: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

/** VMs of one folder, by the labels they were made with. */
export function createYandexMachines(deps: {
  readonly calls: CloudCalls;
  readonly tokens: IamTokens;
  /** Where machines are made now. */
  readonly folderId: string;
  readonly computeUrl?: string;
}): CloudMachines {
  const look = async <Result>(signal: AbortSignal, action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (isCoded(error, 'MACHINES_UNAVAILABLE')) throw error;
      const reason = isCoded(error) ? error.message : reasonOf(error);
      throw machinesErrors.unavailable({ reason }, { cause: error });
    }
  };
  return {
    list: ({ signal }) =>
      look(signal, async () => {
        const found: Machine[] = [];
        for await (const machine of runnersIn(deps.folderId, deps, signal)) found.push(machine);
        return found;
      }),
    status: ({ runnerId, installation, folder }, { signal }) =>
      look(signal, async () => {
        for await (const machine of runnersIn(folder ?? deps.folderId, deps, signal)) {
          if (machine.runnerId === runnerId && machine.installation === installation) return machine;
        }
        if (folder !== undefined) return undefined;
        throw machinesErrors.unavailable({ reason: 'nothing tells in which folder it was made' });
      }),
  };
}

/** The service filters by few fields and not by labels: all of the folder are read. */
async function* runnersIn(
  folder: string,
  deps: Parameters<typeof createYandexMachines>[0],
  signal: AbortSignal,
): AsyncGenerator<Machine> {
  const token = await deps.tokens.current({ signal });
  let page: string | undefined;
  for (let count = 0; count < mostPages; count++) {
    const url = new URL('/compute/v1/instances', deps.computeUrl ?? computeUrl);
    url.searchParams.set('folderId', folder);
    url.searchParams.set('pageSize', pageSize);
    if (page !== undefined) url.searchParams.set('pageToken', page);
    const headers = { authorization: `Bearer ${token.reveal()}` };
    const answer = await deps.calls.send({ method: 'GET', url, headers }, { signal });
    const parsed = answer.status === 200 ? Instances.safeParse(answer.body).data : undefined;
    if (parsed === undefined) {
      throw machinesErrors.unavailable({ reason: `Yandex Cloud answered ${answer.status}` });
    }
    yield* parsed.instances.flatMap((instance) => machineOf(instance) ?? []);
    page = parsed.nextPageToken || undefined;
    if (page === undefined) return;
  }
  throw machinesErrors.unavailable({ reason: 'the folder holds too many machines to look through' });
}

/** `undefined`: no runner. */
function machineOf({
  id,
  status,
  labels,
}: z.infer<typeof Instances>['instances'][number]): Machine | undefined {
  const runnerId = labels['polar-gosling-runner'];
  if (runnerId === undefined) return undefined;
  const installation = labels['polar-gosling-installation'] ?? '';
  const egg = labels['polar-gosling-egg'] ?? '';
  const resources = [{ type: 'yandex_compute_instance', id }];
  return { runnerId, egg, installation, state: stateOf(status), resources };
}

/** compute/v1/instance.proto. What is on its way up or down may still run; a preempted one is stopped, not deleted. */
function stateOf(status: string): Machine['state'] {
  return status === 'STOPPED' || status === 'ERROR' || status === 'CRASHED' ? 'stopped' : 'running';
}
