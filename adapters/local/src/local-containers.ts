import { request } from 'node:http';
import { codeOf, deadline, parseJson } from '@polar-gosling/kernel';
import { type Machine, machinesErrors } from '@polar-gosling/ports/machines';

const timeoutMs = 10_000;
const answerLimitBytes = 4 * 1024 * 1024;

/** What the launcher of the provider `local` writes beside a runner that is a container. */
export interface ContainerRecord {
  readonly runnerId: string;
  readonly egg: string;
  readonly socket: string;
  readonly name: string;
}

/** The record in a file's text; `undefined` when it is none. */
export function parseContainer(text: string): ContainerRecord | undefined {
  const parsed = { ...(parseJson(text) as Readonly<Record<string, unknown>> | undefined) };
  const { runner_id: runnerId, egg, socket, name } = parsed;
  const isRecord = [runnerId, egg, socket, name].every((value) => typeof value === 'string');
  if (!isRecord) return undefined;
  return { runnerId: String(runnerId), egg: String(egg), socket: String(socket), name: String(name) };
}

/** Asks the engine that made it. Fails with MACHINES_UNAVAILABLE when that does not answer: nothing is proved then. */
export async function machineOfContainer(record: ContainerRecord, signal: AbortSignal): Promise<Machine> {
  const { runnerId, egg, socket, name } = record;
  const { status, body } = await askDocker(socket, `/containers/${encodeURIComponent(name)}/json`, signal);
  if (status === 404) return { runnerId, egg, state: 'gone' };
  const state = stateIn(body);
  if (status !== 200 || state === undefined) {
    throw machinesErrors.unavailable({ reason: `Docker answered ${status} at ${socket}` });
  }
  // One that has ended is never started again; a paused one has its jobs still.
  const isOver = state === 'exited' || state === 'dead' || state === 'removing';
  return { runnerId, egg, state: isOver ? 'gone' : 'running' };
}

export interface DockerEngine {
  readonly version: string;
}

/** The Docker Engine at a socket. Fails with MACHINES_UNAVAILABLE when none answers. */
export async function lookAtDocker(socket: string, signal: AbortSignal): Promise<DockerEngine> {
  const { status, body } = await askDocker(socket, '/version', signal);
  const version = valueIn(body, 'Version');
  if (status === 200 && typeof version === 'string') return { version };
  throw machinesErrors.unavailable({ reason: `no Docker Engine answers at ${socket} (${status})` });
}

/** Is the image on this host? */
export async function hasImage(
  at: { readonly socket: string; readonly image: string },
  signal: AbortSignal,
): Promise<boolean> {
  const path = at.image.split('/').map(encodeURIComponent).join('/');
  return (await askDocker(at.socket, `/images/${path}/json`, signal)).status === 200;
}

function stateIn(body: unknown): string | undefined {
  const status = valueIn(valueIn(body, 'State'), 'Status');
  return typeof status === 'string' ? status : undefined;
}

function valueIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function askDocker(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      const reason = `Docker does not answer at ${socketPath} (${codeOf(error) ?? 'no answer'})`;
      reject(signal.aborted ? signal.reason : machinesErrors.unavailable({ reason }, { cause: error }));
    };
    const options = { socketPath, path, headers: { host: 'docker' }, signal: deadline(signal, timeoutMs) };
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= answerLimitBytes) chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks).toString()) }),
      );
    });
    asked.on('error', fail);
    asked.end();
  });
}
