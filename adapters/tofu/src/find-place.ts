import type { Blobs } from '@polar-gosling/ports/blobs';
import type { CallOptions } from '@polar-gosling/ports/tofu';
import { createS3StateAccess, createS3StatePlace, type StateBucket } from './s3-state.ts';
import { createLocalStatePlace, type StatePlace, stateFileOf, stateKeyOf } from './state-place.ts';

/** States in a bucket: Terraform, which cannot encrypt them, is refused then. */
export interface StatesInBucket {
  readonly bucket: StateBucket;
  /** The same folder of that bucket. */
  readonly blobs: Blobs;
}

export interface StateHome {
  readonly dataDir: string;
  /** The data directory when not given. */
  readonly states: StatesInBucket | undefined;
}

interface Shard {
  readonly egg: string;
  readonly shard: number;
}

/** Where OpenTofu finds the state of a shard. */
export async function findPlace(
  { dataDir, states }: StateHome,
  { egg, shard }: Shard,
  options: CallOptions,
): Promise<StatePlace> {
  if (states === undefined) return createLocalStatePlace(stateFileOf(dataDir, egg, shard));
  return createS3StatePlace({ ...states, egg, shard }, options);
}

/** The same without OpenTofu: for what a run has left there. */
export function findLeftPlace(
  { dataDir, states }: StateHome,
  { egg, shard }: Shard,
): Pick<StatePlace, 'push' | 'breakLock'> {
  if (states === undefined) return createLocalStatePlace(stateFileOf(dataDir, egg, shard));
  return createS3StateAccess(states, stateKeyOf(egg, shard));
}
