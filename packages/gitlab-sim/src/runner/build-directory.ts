import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobUser } from './job-user.ts';

/** A job's own place on disk: `work` for its files, `tmp` for its temporary ones. */
export interface BuildDirectory {
  readonly work: string;
  readonly tmp: string;
  remove(): Promise<void>;
}

/** Makes `builds_dir/<job>`, readable by nobody but the user the job runs as. */
export async function makeBuildDirectory(options: {
  buildsDir: string;
  jobId: number;
  user: JobUser | undefined;
}): Promise<BuildDirectory> {
  const root = join(options.buildsDir, String(options.jobId));
  const [work, tmp] = [join(root, 'work'), join(root, 'tmp')];
  // Others may pass through the parent, but not list it.
  await mkdir(options.buildsDir, { recursive: true, mode: 0o711 });
  await rm(root, { recursive: true, force: true });
  for (const path of [root, work, tmp]) {
    await mkdir(path, { mode: 0o700 });
    if (options.user !== undefined) await chown(path, options.user.uid, options.user.gid);
  }
  return { work, tmp, remove: () => rm(root, { recursive: true, force: true, maxRetries: 3 }) };
}
