import { isCoded } from '@polar-gosling/kernel';
import {
  type CloudMachines,
  type ContainerRef,
  type Machine,
  type MachineResource,
  machinesErrors,
} from '@polar-gosling/ports/machines';
import { z } from 'zod';
import { type CloudCalls, reasonOf } from './cloud-calls.ts';
import type { IamTokens } from './iam-tokens.ts';

const computeUrl = 'https://compute.api.cloud.yandex.net';
const containersUrl = 'https://serverless-containers.api.cloud.yandex.net';
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

const Containers = z.object({
  containers: z
    .array(
      z.object({ id: z.string(), name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    )
    .default([]),
});

/** VMs and containers of one folder, by the labels they were made with. */
export function createYandexMachines(deps: {
  readonly calls: CloudCalls;
  readonly tokens: IamTokens;
  /** Where machines are made now. */
  readonly folderId: string;
  readonly computeUrl?: string;
  readonly containersUrl?: string;
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
    container: (container, { signal }) => look(signal, () => findContainer(deps, container, signal)),
  };
}

/** Of names the service filters: they are unique in a folder. */
async function findContainer(
  deps: Deps,
  { name, installation, folder = deps.folderId }: ContainerRef,
  signal: AbortSignal,
): Promise<MachineResource | undefined> {
  const url = new URL('/containers/v1/containers', deps.containersUrl ?? containersUrl);
  url.searchParams.set('filter', `name="${name}"`);
  const { containers } = await read(deps, { url, folder, form: Containers }, signal);
  const found = containers.find(
    (one) => one.name === name && one.labels['polar-gosling-installation'] === installation,
  );
  return found && { type: 'yandex_serverless_container', id: found.id };
}

/** One page of what the folder holds. */
async function read<Form extends z.ZodType>(
  deps: Deps,
  { url, folder, form }: { url: URL; folder: string; form: Form },
  signal: AbortSignal,
): Promise<z.infer<Form>> {
  url.searchParams.set('folderId', folder);
  const token = await deps.tokens.current({ signal });
  const headers = { authorization: `Bearer ${token.reveal()}` };
  const answer = await deps.calls.send({ method: 'GET', url, headers }, { signal });
  const parsed = answer.status === 200 ? form.safeParse(answer.body).data : undefined;
  if (parsed === undefined) {
    throw machinesErrors.unavailable({ reason: `Yandex Cloud answered ${answer.status}` });
  }
  return parsed;
}

type Deps = Parameters<typeof createYandexMachines>[0];

/** The service filters by few fields and not by labels: all of the folder are read. */
async function* runnersIn(folder: string, deps: Deps, signal: AbortSignal): AsyncGenerator<Machine> {
  let page: string | undefined;
  for (let count = 0; count < mostPages; count++) {
    const url = new URL('/compute/v1/instances', deps.computeUrl ?? computeUrl);
    url.searchParams.set('pageSize', pageSize);
    if (page !== undefined) url.searchParams.set('pageToken', page);
    const parsed = await read(deps, { url, folder, form: Instances }, signal);
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
