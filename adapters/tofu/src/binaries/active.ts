import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isVersion } from '@polar-gosling/ports/binaries';
import type { Program } from './program.ts';

/** The version that is run on this host, where one was chosen. */
export async function readActive(binDir: string, kind: Program['kind']): Promise<string | undefined> {
  const text = await readFile(activeFile(binDir, kind), 'utf8').catch(() => undefined);
  const version = text?.trim();
  return version !== undefined && isVersion(version) ? version : undefined;
}

/** Chooses the version that is run on this host; a crash leaves the old choice or the new one. `work`: a folder beside. */
export async function writeActive(
  binDir: string,
  kind: Program['kind'],
  { version, work }: { version: string; work: string },
): Promise<void> {
  const made = join(work, 'active');
  const file = await open(made, 'wx', 0o600);
  try {
    await file.writeFile(`${version}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(made, activeFile(binDir, kind));
}

function activeFile(binDir: string, kind: Program['kind']): string {
  return join(binDir, `${kind}.active`);
}
