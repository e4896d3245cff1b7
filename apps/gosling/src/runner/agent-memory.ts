import { BootstrapAnswer } from '@polar-gosling/api-contract';
import { parseJson } from '@polar-gosling/kernel';
import { z } from 'zod';
import { type AgentFiles, readIfThere, writePrivate } from './agent-files.ts';

/** What an agent must not lose when its process is started again: who it is and what it was told. */
const AgentMemory = z.object({
  runner_id: z.string(),
  /** Of one life of the machine; the exchange may be repeated with it until the first heartbeat. */
  boot_id: z.string(),
  seq: z.int().min(0),
  answer: BootstrapAnswer.optional(),
});
export type AgentMemory = z.infer<typeof AgentMemory>;

/** What was kept for this runner; of another runner or unreadable: nothing. */
export async function readMemory(files: AgentFiles, runnerId: string): Promise<AgentMemory | undefined> {
  const text = await readIfThere(files.memory);
  if (text === undefined) return undefined;
  // Cut off by a crash: as if it were not there.
  const parsed = AgentMemory.safeParse(parseJson(text));
  return parsed.success && parsed.data.runner_id === runnerId ? parsed.data : undefined;
}

export async function writeMemory(files: AgentFiles, memory: AgentMemory): Promise<void> {
  await writePrivate(files.memory, JSON.stringify(memory));
}
