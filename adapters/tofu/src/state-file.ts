import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

const StateHead = z.object({ serial: z.number(), lineage: z.string() });

/** Where the state of one shard of one Egg is. */
export function stateFileOf(dataDir: string, egg: string, shard: number): string {
  const parts = shard === 0 ? [] : [String(shard)];
  return join(dataDir, 'tofu-states', egg, ...parts, 'terraform.tfstate');
}

/** The file OpenTofu leaves beside a state while it holds its lock. */
export function lockInfoOf(stateFile: string): string {
  return join(dirname(stateFile), `.${basename(stateFile)}.lock.info`);
}

/** Serial and lineage of a state; nothing when there is none yet. */
export async function readStateHead(stateFile: string): Promise<{ serial?: number; lineage?: string }> {
  const text = await readFile(stateFile, 'utf8').catch(() => '');
  if (text.trim() === '') return {};
  return StateHead.parse(JSON.parse(text));
}
