import { mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { shareCalls } from '@polar-gosling/kernel';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { computeDirectory } from './compute-module.ts';
import { replaceFile } from './run-directory.ts';
import { runInTime } from './run-in-time.ts';

const stopLimitMs = 60_000;
const names = [
  ...['launcher.mjs', 'processes.mjs', 'containers.mjs', 'docker.mjs', 'private-files.mjs'],
  ...['relay.mjs', 'container-main.sh'],
];

/** What a local runner is where it is a container of this host's Docker Engine. */
export interface RunnerContainer {
  /** The engine's unix socket. */
  readonly socket: string;
  /** Of runners whose Egg names none. */
  readonly image: string;
  /** `bridge`, `host`, or the name of a network. */
  readonly network: string;
  /** Files and folders of this host that the agent needs, seen read-only at their own path. */
  readonly mounts: readonly string[];
  /** Where we take connections of agents in containers while our address is on loopback: all in its folder is seen. */
  readonly relay?: string;
}

/** `installLauncher` for each run: what it put there once is looked at by its link alone, which is made last. */
export function createLauncher(dataDir: string, directory?: string): (signal: AbortSignal) => Promise<void> {
  let isInstalled = false;
  return shareCalls(async () => {
    if (isInstalled && (await isLinked(join(dataDir, 'bin')))) return;
    await installLauncher(dataDir, directory);
    isInstalled = true;
  });
}

/**
 * Puts the local provider's launcher, and a link to our Node, at the fixed place its module calls: what starts a
 * runner today is stopped by the launcher of the day it is removed, wherever our own code lives then.
 */
async function installLauncher(dataDir: string, directory = computeDirectory): Promise<void> {
  const binDir = join(dataDir, 'bin');
  await mkdir(binDir, { recursive: true, mode: 0o700 });
  const install = async (name: string) => {
    const [text, installed] = await Promise.all([
      readFile(join(directory, 'local', name), 'utf8'),
      readFile(join(binDir, name), 'utf8').catch(() => undefined),
    ]);
    if (installed !== text) await replaceFile(join(binDir, name), text, 0o600);
  };
  await Promise.all(names.map(install));
  if (await isLinked(binDir)) return;
  const link = join(binDir, 'node');
  await rm(`${link}.new`, { force: true });
  await symlink(process.execPath, `${link}.new`);
  await rename(`${link}.new`, link);
}

async function isLinked(binDir: string): Promise<boolean> {
  return (await readlink(join(binDir, 'node')).catch(() => undefined)) === process.execPath;
}

/** Does with the launcher what the removal of a runner does; with a socket of Docker, also for one without a directory. */
export async function stopLocalRunner(
  {
    dataDir,
    runnerId,
    dockerSocket,
  }: { dataDir: string; runnerId: string; dockerSocket: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const binDir = join(dataDir, 'bin');
  const stopped = await runInTime(join(binDir, 'node'), [join(binDir, 'launcher.mjs'), 'stop'], {
    env: {
      ...{ GOSLING_DATA_DIR: dataDir, GOSLING_RUNNER_ID: runnerId },
      ...(dockerSocket === undefined ? {} : { GOSLING_DOCKER_SOCKET: dockerSocket }),
    },
    timeoutMs: stopLimitMs,
    signal,
  });
  signal.throwIfAborted();
  if (stopped !== undefined) return;
  throw tofuErrors.applyFailed({
    summary: `runner ${runnerId} could not be removed from this host`,
    detail: '',
  });
}
