import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ownerOf } from '@polar-gosling/domain';
import { type Machine, type Machines, machinesErrors } from '@polar-gosling/ports/machines';
import type { RunnerEntry } from '@polar-gosling/ports/tofu';

export interface CloudMachine {
  readonly id: string;
  readonly name: string;
  readonly entry: RunnerEntry;
}

export interface CloudRequest {
  readonly method: string;
  /** Runner id. */
  readonly name: string;
}

/** What happens to one request. */
export interface Treatment {
  /** `half-made`: done, and told as failed. */
  readonly fate?: 'done' | 'refused' | 'half-made';
  /** Until it is done, and from then to its answer. */
  readonly beforeMs?: number;
  readonly afterMs?: number;
  /** It waits for this first. */
  readonly after?: Promise<void>;
}

export interface FakeCloud extends AsyncDisposable {
  readonly endpoint: string;
  /** By machine id: what an owner would be billed for. */
  readonly machines: Map<string, CloudMachine>;
  /** What each request was, in order. */
  readonly requests: CloudRequest[];
  /** Runner ids for which a machine was made though there had been one. */
  readonly madeTwice: string[];
  treat: (asked: CloudRequest) => Treatment;
  /** Requests that are being worked on, and those of them that wait. */
  busy(): number;
  held(): number;
  /** Does the cloud answer what machines there are? */
  isListed: boolean;
  /** Machines as the engine looks at them, by their tags. */
  readonly port: Machines;
}

/** A cloud of machines over HTTP, as adapters/tofu/testdata/fakecloud-provider speaks to it. */
export async function startFakeCloud(): Promise<FakeCloud> {
  const lived = new Set<string>();
  let busy = 0;
  let held = 0;
  const server = createServer(async (asked, response) => {
    busy++;
    try {
      const [status, body] = await answer(asked);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch {
      response.destroy(); // the asker was killed in the middle of its request
    } finally {
      busy--;
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cloud: FakeCloud = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    machines: new Map(),
    requests: [],
    madeTwice: [],
    treat: () => ({}),
    busy: () => busy,
    held: () => held,
    isListed: true,
    port: createPort(() => cloud),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return cloud;

  async function answer(asked: IncomingMessage): Promise<[number, object]> {
    const method = asked.method ?? '';
    const id = asked.url?.split('/').at(-1) ?? '';
    const entry = method === 'POST' ? await readEntry(asked) : cloud.machines.get(id)?.entry;
    if (entry === undefined) return [404, {}];
    const request = { method, name: entry.runner_id };
    cloud.requests.push(request);
    const { fate = 'done', beforeMs = 0, afterMs = 0, after } = cloud.treat(request);
    if (after !== undefined) {
      held++;
      await after;
      held--;
    }
    await pause(beforeMs);
    if (fate === 'refused') return [500, { problem: 'InternalError: try again' }];
    const done = carryOut(method, { id, entry });
    await pause(afterMs);
    return fate === 'half-made' ? [500, { problem: 'InternalError: lost' }] : done;
  }

  function carryOut(method: string, at: { id: string; entry: RunnerEntry }): [number, object] {
    const name = at.entry.runner_id;
    if (method === 'POST') {
      if (lived.has(name)) cloud.madeTwice.push(name);
      lived.add(name);
      const id = `m-${lived.size}-${cloud.machines.size}`;
      cloud.machines.set(id, { id, name, entry: at.entry });
      return [201, { ID: id, Address: '10.0.0.1', Name: name }];
    }
    if (!cloud.machines.has(at.id)) return [404, {}];
    if (method === 'DELETE') cloud.machines.delete(at.id);
    return [200, { ID: at.id, Address: '10.0.0.1', Name: name }];
  }
}

function createPort(cloud: () => Pick<FakeCloud, 'machines' | 'isListed'>): Machines {
  const view = ({ id, name, entry }: CloudMachine): Machine => ({
    runnerId: name,
    ...ownerOf(entry),
    egg: entry.egg_name,
    state: 'running',
    resources: [{ type: 'fakecloud_instance', id }],
  });
  const list = async () => {
    if (!cloud().isListed) throw machinesErrors.unavailable({ reason: '429' });
    return [...cloud().machines.values()].map(view);
  };
  return {
    list,
    async status(runnerId) {
      return (await list()).find((one) => one.runnerId === runnerId);
    },
  };
}

async function readEntry(asked: IncomingMessage): Promise<RunnerEntry> {
  const parts: Uint8Array[] = [];
  for await (const part of asked) parts.push(part);
  return JSON.parse(JSON.parse(Buffer.concat(parts).toString('utf8')).user_data);
}
