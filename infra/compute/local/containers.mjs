// A runner of the provider "local" that is a container: made, started and removed through a Docker Engine.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDocker } from './docker.mjs';
import { replacePrivately, writePrivately } from './private-files.mjs';

const stopPatienceS = 20;
const mostProcesses = 8_192;
const dockerSocket = '/var/run/docker.sock';
const record = 'container.json';

/** Beside us, and seen by each container. */
const main = fileURLToPath(new URL('container-main.sh', import.meta.url));
const relayProgram = fileURLToPath(new URL('relay.mjs', import.meta.url));

/** Makes and starts it, once: one that lives, or has lived, is left alone. */
export async function startContainer({ dir, entry, agent, wanted }) {
  const docker = openDocker(wanted.socket);
  mkdirSync(join(dir, 'tmp'), { recursive: true, mode: 0o700 });
  // Before anything is made: whoever removes the runner finds it by this, whatever happens to us.
  const known = { runner_id: entry.runner_id, egg: entry.egg_name, socket: wanted.socket, name: entry.name };
  replacePrivately(join(dir, record), JSON.stringify(known));
  const found = await docker.inspect(entry.name);
  if (found !== undefined && found.State.Status !== 'created') return;
  writePrivately(join(dir, 'bootstrap-token'), entry.bootstrap_token);
  const body = bodyOf({ dir, entry, agent, wanted });
  if (found === undefined) {
    await docker.ensureImage(body.Image);
    await docker.create(entry.name, body);
  }
  await docker.start(entry.name);
}

/** Is the runner of this directory a container? */
export function isContainer(dir) {
  return existsSync(join(dir, record));
}

/** Ends it and removes it with all its layers and volumes. */
export async function stopContainer(dir) {
  const { socket, name } = JSON.parse(readFileSync(join(dir, record), 'utf8'));
  await removeNamed(openDocker(socket), name);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Removes what carries this runner's id and has no directory any more. */
export async function removeLabelled(socket, runnerId) {
  const docker = openDocker(socket);
  for (const id of await docker.withLabel(`polar-gosling-runner=${runnerId}`)) await removeNamed(docker, id);
}

async function removeNamed(docker, name) {
  await docker.stop(name, stopPatienceS);
  await docker.remove(name);
}

function bodyOf({ dir, entry, agent, wanted }) {
  const { command, env } = agent;
  const [node] = command;
  const url = new URL(entry.gosling_url);
  const relay = wanted.relay && isLoopback(url.hostname) ? wanted.relay : undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const way = relay === undefined ? ['', '', ''] : [relay, url.hostname.replace(/^\[|\]$/g, ''), port];
  const args = ['runner', '--runner-id', entry.runner_id, '--egg-name', entry.egg_name];
  return {
    Image: entry.image || wanted.image,
    Entrypoint: ['/bin/sh', main],
    Cmd: [node, relayProgram, ...way, ...command, ...args],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    WorkingDir: dir,
    User: '0:0',
    Labels: entry.tags,
    StopSignal: 'SIGTERM',
    // A running job ends in its own time, also where a person or the engine's own end stops the container.
    StopTimeout: -1,
    HostConfig: hostConfigOf({ dir, entry, wanted, relay }),
  };
}

function hostConfigOf({ dir, entry, wanted, relay }) {
  const memory = entry.memory_mib * 1024 * 1024;
  const isPrivileged = entry.privileged === true;
  const readOnly = [...wanted.mounts, main, relayProgram, ...(relay === undefined ? [] : [dirname(relay)])];
  const needsDocker = entry.executor === 'docker';
  return {
    Memory: memory,
    MemorySwap: memory,
    NanoCpus: Math.round(entry.cpu * 1e9),
    PidsLimit: mostProcesses,
    NetworkMode: wanted.network,
    Privileged: isPrivileged,
    SecurityOpt: isPrivileged ? [] : ['no-new-privileges'],
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'none' },
    Mounts: [
      ...readOnly.map((path) => ({ Type: 'bind', Source: path, Target: path, ReadOnly: true })),
      { Type: 'bind', Source: dir, Target: dir },
      ...(needsDocker ? [{ Type: 'bind', Source: wanted.socket, Target: dockerSocket }] : []),
    ],
  };
}

function isLoopback(host) {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
