import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { IdSource } from '@polar-gosling/kernel';
import { type AgentFiles, readIfThere, writePrivate } from './agent-files.ts';

export interface BuildDirs {
  readonly builds: string;
  readonly cache: string;
  remove(): Promise<void>;
}

/**
 * Where jobs work. Jobs of another user cannot reach anything below our private directory, so theirs stands outside
 * it, under a name that nobody can guess beforehand; its path is kept for whoever removes the runner.
 */
export async function prepareBuildDirs(
  files: AgentFiles,
  options: {
    readonly jobUser: string | undefined;
    readonly outside: string;
    readonly ids: IdSource;
    readonly signal: AbortSignal;
  },
): Promise<BuildDirs> {
  if (options.jobUser === undefined) {
    const inside = dirsBelow(files.directory);
    await mkdir(inside.builds, { recursive: true, mode: 0o700 });
    await mkdir(inside.cache, { recursive: true, mode: 0o700 });
    return { ...inside, remove: async () => undefined };
  }
  const owner = await readUser(options.jobUser, options.signal);
  await removeRecorded(files);
  const root = path.join(options.outside, `gosling-builds-${options.ids.token(9)}`);
  // Noted before it is made: one that is killed in between leaves nothing that nobody knows of.
  await writePrivate(files.buildsRecord, root);
  await mkdir(root, { mode: 0o711 });
  await chmod(root, 0o711); // whatever the umask took
  const dirs = dirsBelow(root);
  for (const directory of [dirs.builds, dirs.cache]) {
    await mkdir(directory, { mode: 0o700 });
    await chown(directory, owner.uid, owner.gid);
  }
  return { ...dirs, remove: () => rm(root, { recursive: true, force: true }) };
}

function dirsBelow(root: string): { builds: string; cache: string } {
  return { builds: path.join(root, 'builds'), cache: path.join(root, 'cache') };
}

/** Left by an earlier life of this agent. */
async function removeRecorded(files: AgentFiles): Promise<void> {
  const earlier = await readIfThere(files.buildsRecord);
  if (earlier !== undefined && path.basename(earlier).startsWith('gosling-builds-')) {
    await rm(earlier, { recursive: true, force: true });
  }
}

async function readUser(name: string, signal: AbortSignal): Promise<{ uid: number; gid: number }> {
  const ask = async (flag: string) =>
    Number((await promisify(execFile)('id', [flag, name], { signal })).stdout);
  return { uid: await ask('-u'), gid: await ask('-g') };
}
