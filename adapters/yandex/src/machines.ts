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
  readonly folderId: string;
  readonly installation: string;
  readonly computeUrl?: string;
}): CloudMachines {
  return {
    async status({ runnerId }, { signal }) {
      try {
        return await find(deps, runnerId, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isCoded(error, 'MACHINES_UNAVAILABLE')) throw error;
        const reason = isCoded(error) ? error.message : reasonOf(error);
        throw machinesErrors.unavailable({ reason }, { cause: error });
      }
    },
  };
}

/** The service filters by few fields and not by labels: all of the folder are read. */
async function find(
  deps: Parameters<typeof createYandexMachines>[0],
  runnerId: string,
  signal: AbortSignal,
): Promise<Machine | undefined> {
  const token = await deps.tokens.current({ signal });
  let page: string | undefined;
  for (let count = 0; count < mostPages; count++) {
    const url = new URL('/compute/v1/instances', deps.computeUrl ?? computeUrl);
    url.searchParams.set('folderId', deps.folderId);
    url.searchParams.set('pageSize', pageSize);
    if (page !== undefined) url.searchParams.set('pageToken', page);
    const headers = { authorization: `Bearer ${token.reveal()}` };
    const answer = await deps.calls.send({ method: 'GET', url, headers }, { signal });
    const parsed = answer.status === 200 ? Instances.safeParse(answer.body).data : undefined;
    if (parsed === undefined) {
      throw machinesErrors.unavailable({ reason: `Yandex Cloud answered ${answer.status}` });
    }
    const found = parsed.instances.find(
      ({ labels }) =>
        labels['polar-gosling-runner'] === runnerId &&
        labels['polar-gosling-installation'] === deps.installation,
    );
    if (found !== undefined) {
      return {
        runnerId,
        egg: found.labels['polar-gosling-egg'] ?? '',
        state: stateOf(found.status),
        resources: [{ type: 'yandex_compute_instance', id: found.id }],
      };
    }
    page = parsed.nextPageToken || undefined;
    if (page === undefined) return undefined;
  }
  throw machinesErrors.unavailable({ reason: 'the folder holds too many machines to look through' });
}

/** compute/v1/instance.proto. What is on its way up or down may still run; a preempted one is stopped, not deleted. */
function stateOf(status: string): Machine['state'] {
  return status === 'STOPPED' || status === 'ERROR' || status === 'CRASHED' ? 'stopped' : 'running';
}
