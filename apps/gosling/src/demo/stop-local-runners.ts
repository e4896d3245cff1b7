import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Ends every local runner of a data directory that is about to be thrown away, by the launcher that started them. */
export async function stopLocalRunners(dataDir: string): Promise<void> {
  const runners = await readdir(path.join(dataDir, 'local-runners')).catch(() => []);
  await Promise.all(runners.map((id) => stopOne(dataDir, id)));
}

function stopOne(dataDir: string, id: string): Promise<void> {
  const launcher = path.join(dataDir, 'bin', 'launcher.mjs');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launcher, 'stop'], {
      env: { GOSLING_RUNNER_ID: id, GOSLING_DATA_DIR: dataDir },
      stdio: 'ignore',
    });
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
}
