import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, isCoded } from '@polar-gosling/kernel';
import type { MothergooseConfig } from '@polar-gosling/mothergoose';
import { lookAtDocker, type RunnerContainer } from '@polar-gosling/wiring';
import type { Environment } from '../config.ts';
import { findOnPath } from '../find-on-path.ts';

const defaultSocket = '/var/run/docker.sock';
const patienceMs = 5_000;
const lookAgainMs = 10_000;
/** What of a checkout the agent is run from: never the whole folder, in which our data directory may lie. */
const codeNames = ['apps', 'packages', 'adapters', 'infra', 'node_modules', 'package.json'];

/** What new local runners are in this instance. */
export interface LocalRunners {
  /** Absent: they are processes. */
  readonly container?: RunnerContainer;
  /** This host's gitlab-runner, which containers see too. */
  readonly runnerBin?: string | undefined;
  /** For people: what they are, and why. */
  readonly detail: string;
  /** Why none can be made now; `undefined`: they can. Looks again by itself, at most every 10 s. */
  refuse(): string | undefined;
}

export interface LocalRunnersOptions {
  readonly config: Pick<MothergooseConfig, 'localRunners' | 'gitlabRunner' | 'caFile'>;
  readonly env: Environment;
  /** Where agents in containers reach us, when our address is on loopback. */
  readonly relaySocket: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Containers where they are asked for, or where a Docker Engine answers and nothing else was said; else processes. */
export async function chooseLocalRunners(options: LocalRunnersOptions): Promise<LocalRunners> {
  const { kind } = options.config.localRunners;
  if (kind === 'process') return processes('GOSLING_LOCAL_RUNNERS says so');
  const socket = dockerSocketOf(options.env);
  const found = await look(socket, options.signal);
  if ('reason' in found && kind === 'auto') return processes(found.reason);
  const runnerBin =
    options.config.gitlabRunner.bin ?? (await findOnPath('gitlab-runner', options.env['PATH']));
  const container = await containerOf(options, { socket, runnerBin });
  const shown = 'version' in found ? `Docker ${found.version}` : 'Docker, which does not answer';
  return {
    container,
    runnerBin,
    detail: `containers of ${container.image} (${shown} at ${socket})`,
    refuse: watch(socket, 'reason' in found ? found.reason : undefined, options),
  };
}

/** The socket that `DOCKER_HOST` names, as for Docker's own programs. */
export function dockerSocketOf(env: Environment): string {
  const host = env['DOCKER_HOST'];
  return host ? host.replace(/^unix:\/\//, '') : defaultSocket;
}

function processes(why: string): LocalRunners {
  return { detail: `processes of this host (${why})`, refuse: () => undefined };
}

async function look(
  socket: string,
  signal: AbortSignal,
): Promise<{ readonly version: string } | { readonly reason: string }> {
  if (!path.isAbsolute(socket)) {
    return { reason: `DOCKER_HOST is ${socket}, and only unix:// sockets of this host are used` };
  }
  try {
    return await lookAtDocker(socket, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
  } catch (error) {
    signal.throwIfAborted();
    if (!isCoded(error)) return { reason: `Docker does not answer at ${socket}` };
    return { reason: String(error.params['reason']) };
  }
}

/** The last word of the engine; whoever asks later than 10 s after it has it asked again. */
function watch(
  socket: string,
  first: string | undefined,
  { clock, signal }: LocalRunnersOptions,
): LocalRunners['refuse'] {
  let reason = first;
  let lookedAt = clock.monotonic();
  const lookAgain = async () => {
    const found = await look(socket, signal);
    reason = 'reason' in found ? found.reason : undefined;
  };
  return () => {
    if (clock.monotonic() - lookedAt > lookAgainMs && !signal.aborted) {
      lookedAt = clock.monotonic();
      lookAgain().catch(() => undefined); // we are ending
    }
    return reason && `${reason}: start it, set DOCKER_HOST to its socket, or GOSLING_LOCAL_RUNNERS=process`;
  };
}

async function containerOf(
  { config, env, relaySocket }: LocalRunnersOptions,
  { socket, runnerBin }: { socket: string; runnerBin: string | undefined },
): Promise<RunnerContainer> {
  const { image, network } = config.localRunners;
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const needed = [
    process.execPath,
    ...codeNames.map((name) => path.join(root, name)),
    ...[runnerBin, config.caFile, env['NODE_EXTRA_CA_CERTS']].flatMap((file) =>
      file ? [path.resolve(file)] : [],
    ),
  ];
  const there = await Promise.all(needed.map(async (file) => ((await isThere(file)) ? [file] : [])));
  return {
    ...{ socket: await realpath(socket).catch(() => socket), image, network },
    mounts: [...new Set(there.flat())],
    ...(network === 'host' ? {} : { relay: relaySocket }),
  };
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
