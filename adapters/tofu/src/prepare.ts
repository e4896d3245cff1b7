import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What `init` made for a bundle of this shape and this tool, kept so that the next run with both copies it and needs
 * no `init` (a process of 35–70 ms less for every run).
 */
export interface PreparedData {
  /** Copies what was kept into a run; false when nothing was. */
  restore(runDir: string): Promise<boolean>;
  /** Keeps what `init` made in a run. */
  keep(runDir: string): Promise<void>;
}

export function createPreparedData(dataDir: string, key: string): PreparedData {
  const kept = join(dataDir, 'tofu-data', key);
  const copy = (from: string, to: string) => cp(from, to, { recursive: true, verbatimSymlinks: true });
  return {
    async restore(runDir) {
      if (!(await isThere(kept))) return false;
      await copy(kept, runDir);
      return true;
    },
    async keep(runDir) {
      const work = await mkdtemp(`${kept}-`);
      try {
        await copy(join(runDir, '.terraform'), join(work, '.terraform'));
        // Names the providers that were chosen; a bundle of built-in ones has none.
        const lock = '.terraform.lock.hcl';
        if (await isThere(join(runDir, lock))) await copy(join(runDir, lock), join(work, lock));
        await rename(work, kept);
      } catch {
        await rm(work, { recursive: true, force: true }); // somebody kept the same before us
      }
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
