import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import { replaceFile } from './run-directory.ts';
import { type StatePlace, stateKeyOf } from './state-place.ts';

export interface ErroredStateDeps {
  readonly dataDir: string;
  readonly blobs: Blobs | undefined;
  readonly logger: Logger;
  readonly place: Pick<StatePlace, 'push'>;
}

export interface ErroredRun {
  readonly runDir: string;
  readonly runId: string;
  readonly egg: string;
  readonly shard: number;
}

/**
 * Takes the state OpenTofu could not write (`errored.tfstate`) out of a run's directory before that is wiped, and puts
 * it where the state lies, unless the shard's lease is lost: then that is for the next holder (`takeUpErroredState`).
 * Where neither that nor Blobs answer it waits in the data directory for `recoverState`. A copy is kept under the blob
 * key `runs/{run}/errored.tfstate`, beside the directory where there are no blobs. Safe to repeat.
 */
export async function keepErroredState(
  run: ErroredRun,
  deps: ErroredStateDeps,
  { signal, isLeaseLost = false }: { signal: AbortSignal; isLeaseLost?: boolean },
): Promise<boolean> {
  const state = await readFile(join(run.runDir, 'errored.tfstate')).catch(() => undefined);
  if (state === undefined) return false;
  const { runId } = run;
  const key = keyOf(run);
  const { blobs, logger, place } = deps;
  logger.error('OpenTofu could not write its state; what it knew is kept', { runId, key });
  if (place.push === undefined || blobs === undefined) {
    if (blobs === undefined)
      await replaceFile(`${run.runDir}.errored.tfstate`, state.toString('utf8'), 0o600);
    else await blobs.writeIfAbsent(key, state, { signal });
    return true;
  }
  const waiting = waitingFileOf(deps.dataDir, run);
  await mkdir(dirname(waiting), { recursive: true, mode: 0o700 });
  await replaceFile(waiting, state.toString('utf8'), 0o600);
  try {
    if (!isLeaseLost) await place.push(state, { signal });
    await blobs.writeIfAbsent(key, state, { signal });
    await rm(waiting, { force: true });
  } catch (error) {
    logger.error('a state that could not be written waits on this host', { runId, error });
  }
  return true;
}

/** Puts the state that a holder which had lost its lease was not able to write where it belongs. Safe to repeat. */
export async function takeUpErroredState(
  run: Pick<ErroredRun, 'runId'>,
  { blobs, place, logger }: ErroredStateDeps,
  signal: AbortSignal,
): Promise<void> {
  if (place.push === undefined) return;
  const state = await blobs?.read(keyOf(run), { signal });
  if (state === undefined) return;
  const outcome = await place.push(state, { signal });
  if (outcome === 'pushed') logger.warn('the state of an earlier holder was taken up', { runId: run.runId });
}

/** Puts a state that waits on this host where it belongs, before anything is planned upon the older one. */
export async function recoverState(
  run: ErroredRun,
  deps: ErroredStateDeps,
  signal: AbortSignal,
): Promise<void> {
  if (deps.place.push === undefined) return;
  const waiting = waitingFileOf(deps.dataDir, run);
  const state = await readFile(waiting).catch(() => undefined);
  if (state === undefined) return;
  const fields = { runId: run.runId };
  const outcome = await deps.place.push(state, { signal });
  if (outcome === 'pushed') {
    deps.logger.warn('a state that waited on this host was taken up', fields);
    await rm(waiting, { force: true });
    return;
  }
  const kept = `${waiting}.not-taken`;
  deps.logger.warn('a state that waited on this host is not upon the one there; it is kept', {
    ...fields,
    path: kept,
  });
  await rename(waiting, kept);
}

function keyOf({ runId }: Pick<ErroredRun, 'runId'>): string {
  return `runs/${runId}/errored.tfstate`;
}

function waitingFileOf(dataDir: string, { egg, shard }: ErroredRun): string {
  return join(dataDir, 'errored', stateKeyOf(egg, shard));
}
