import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { instanceFiles, isHolderGone, processHolder } from '@polar-gosling/wiring';
import { cliErrors } from '../cli-errors.ts';

/**
 * One instance per data directory. Fails with CLI_ALREADY_RUNNING; the file of one that is proved dead is taken over.
 * Answers what this process is called in leases, and the way to let go.
 */
export async function lockInstance(dataDir: string): Promise<{ holder: string; release(): Promise<void> }> {
  const { lock } = instanceFiles(dataDir);
  const holder = processHolder(process.pid);
  await mkdir(path.dirname(lock), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await tryWrite(lock, holder)) return { holder, release: () => rm(lock, { force: true }) };
    const other = await readFile(lock, 'utf8').catch(() => '');
    if (other !== '' && !isHolderGone(other)) {
      throw cliErrors.alreadyRunning({ dataDir, pid: other.split('|')[2] ?? '?' });
    }
    await rm(lock, { force: true });
  }
  throw cliErrors.alreadyRunning({ dataDir, pid: '?' });
}

async function tryWrite(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
