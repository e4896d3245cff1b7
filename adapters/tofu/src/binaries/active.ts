import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuildName } from './build-name.ts';
import type { Program } from './program.ts';

/** What is run on this host, where something was chosen: `1.12.6+{sha256}`, or `1.12.6` where an earlier release chose it. */
export async function readActive(binDir: string, kind: Program['kind']): Promise<string | undefined> {
  const text = await readFile(activeFile(binDir, kind), 'utf8').catch(() => undefined);
  const name = text?.trim();
  return name !== undefined && isBuildName(name) ? name : undefined;
}

/** Chooses what is run on this host; a crash leaves the old choice or the new one. `work`: a folder beside. */
export async function writeActive(
  binDir: string,
  kind: Program['kind'],
  { name, work }: { name: string; work: string },
): Promise<void> {
  const made = join(work, 'active');
  const file = await open(made, 'wx', 0o600);
  try {
    await file.writeFile(`${name}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(made, activeFile(binDir, kind));
}

function activeFile(binDir: string, kind: Program['kind']): string {
  return join(binDir, `${kind}.active`);
}
