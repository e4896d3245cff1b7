import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import { replaceFile } from './run-directory.ts';

/**
 * Keeps the state OpenTofu could not write (`errored.tfstate`) out of a run's directory before that is wiped: under
 * the blob key `runs/{run}/errored.tfstate`, beside the directory where there are no blobs. Safe to repeat.
 */
export async function keepErroredState(
  run: { runDir: string; runId: string },
  deps: { blobs: Blobs | undefined; logger: Logger },
  signal: AbortSignal,
): Promise<boolean> {
  const state = await readFile(join(run.runDir, 'errored.tfstate')).catch(() => undefined);
  if (state === undefined) return false;
  const key = `runs/${run.runId}/errored.tfstate`;
  deps.logger.error('OpenTofu could not write its state; what it knew is kept', { runId: run.runId, key });
  if (deps.blobs === undefined)
    await replaceFile(`${run.runDir}.errored.tfstate`, state.toString('utf8'), 0o600);
  else await deps.blobs.writeIfAbsent(key, state, { signal });
  return true;
}
