import { readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CallOptions } from '@polar-gosling/ports/tofu';
import { z } from 'zod';

const StateHead = z.object({ serial: z.number(), lineage: z.string() });

export interface StateHead {
  readonly serial: number;
  readonly lineage: string;
}

/** What the templates say of where the state lies. */
export type StateBackend =
  | { readonly kind: 'local'; readonly path: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly key: string;
      readonly region: string;
      /** Address of another service than AWS; else empty. */
      readonly endpoint: string;
      readonly use_lockfile: boolean;
    };

/** Where the state of one shard of one Egg lies. */
export interface StatePlace {
  readonly backend: StateBackend;
  /** Texts by path that OpenTofu needs beside the bundle and that are no part of it. */
  readonly files: ReadonlyMap<string, string>;
  /** Serial and lineage; nothing when there is no state yet. Both stay readable in an encrypted one. */
  readHead(options: CallOptions): Promise<Partial<StateHead>>;
  /**
   * Puts the state of a file OpenTofu has left (`errored.tfstate`, in the form the place holds) into its place. `old`:
   * what is there is not of this state's past; nothing was written. Only while nobody else works on this state. Not
   * where a file that could not be written lies on the same disk.
   */
  push?(state: Uint8Array, options: CallOptions): Promise<'pushed' | 'old'>;
  /**
   * Removes the lock a run on `host` has left; answers whether there was one. Only when that run is proven to be gone.
   * `since`: only one that was made at that time or later (ms). Safe to repeat.
   */
  breakLock(host: string, options: CallOptions & { readonly since?: number }): Promise<boolean>;
}

/** Path of a state, below the data directory and as key of Blobs. */
export function stateKeyOf(egg: string, shard: number): string {
  return ['tofu-states', egg, ...(shard === 0 ? [] : [String(shard)]), 'terraform.tfstate'].join('/');
}

/** Where the state of one shard of one Egg is on this host. */
export function stateFileOf(dataDir: string, egg: string, shard: number): string {
  return join(dataDir, stateKeyOf(egg, shard));
}

/** A file's time may be that of the kernel's last tick. */
const fileClockMs = 100;

/** A state in the data directory. */
export function createLocalStatePlace(stateFile: string): StatePlace {
  return {
    backend: { kind: 'local', path: stateFile },
    files: new Map(),
    async readHead() {
      return readStateHead(await readFile(stateFile).catch(() => new Uint8Array()));
    },
    async breakLock(_host, { since }) {
      // The lock of a local file ends with its process: nothing is held off by the note that stays of it.
      const note = join(dirname(stateFile), `.${basename(stateFile)}.lock.info`);
      const madeAt = (await stat(note).catch(() => undefined))?.mtimeMs ?? 0;
      if (since === undefined || madeAt + fileClockMs >= since) await rm(note, { force: true });
      return since === undefined;
    },
  };
}

/** How the state in a file is kept; nothing when there is none, or what is there is no state. */
export async function readStateForm(stateFile: string): Promise<'clear' | 'encrypted' | undefined> {
  const text = await readFile(stateFile, 'utf8').catch(() => '');
  try {
    const state = StateHead.loose().parse(JSON.parse(text));
    return 'encrypted_data' in state ? 'encrypted' : 'clear';
  } catch {
    return undefined; // OpenTofu will say what is wrong with it
  }
}

/** Serial and lineage of a state's bytes; nothing of none. */
export function readStateHead(bytes: Uint8Array): Partial<StateHead> {
  const text = Buffer.from(bytes).toString('utf8');
  return text.trim() === '' ? {} : StateHead.parse(JSON.parse(text));
}
