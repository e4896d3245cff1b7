// A runner of the provider "local" that is a container: made, started and removed through a Docker Engine.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDocker } from './docker.mjs';
import { replacePrivately, writePrivately } from './private-files.mjs';

const stopPatienceS = 20;
const mostProcesses = 8_192;
const dockerSocket = '/var/run/docker.sock';
const record = 'container.json';

/**
 * What the container runs, as process 1: the way to MotherGoose where she listens on the host's loopback only, and the
 * agent, whose end is the container's. It hands signals on, and takes in processes whose parents have ended.
 * Arguments: Node, the relay's program, socket, host and port (empty: no relay), then the agent's command.
 */
const main = `
node=$1 relay=$2 socket=$3 host=$4 port=$5
shift 5
(umask 077; : >>agent.log)
exec >>agent.log 2>&1
id -u "$GOSLING_JOB_USER" >/dev/null 2>&1 ||
  useradd --system --no-create-home --shell /usr/sbin/nologin "$GOSLING_JOB_USER" ||
  adduser -S -D -H -s /sbin/nologin "$GOSLING_JOB_USER" ||
  { echo "the image has no user $GOSLING_JOB_USER and no tool to make one"; exit 1; }
if [ -n "$socket" ]; then "$node" "$relay" "$socket" "$host" "$port" & fi
"$@" &
agent=$!
trap 'kill -TERM "$agent" 2>/dev/null' TERM
trap 'kill -INT "$agent" 2>/dev/null' INT
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; code=$?; done
exit "$code"
`;

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
  const way = relay === undefined ? ['', '', ''] : [relay.socket, url.hostname.replace(/^\[|\]$/g, ''), port];
  const args = ['runner', '--runner-id', entry.runner_id, '--egg-name', entry.egg_name];
  return {
    Image: entry.image || wanted.image,
    Entrypoint: ['/bin/sh', '-c', main, 'gosling-runner'],
    Cmd: [node, relay?.program ?? '', ...way, ...command, ...args],
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
  const readOnly = [...wanted.mounts, ...(relay === undefined ? [] : [relay.folder, relay.program])];
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
