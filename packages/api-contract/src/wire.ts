import { z } from 'zod';

/** A time on the wire: ISO 8601, UTC. */
export const Time = z.iso.datetime();

/** A name or id in a path or a query. What it names may not exist; control characters never stand in one. */
export const Key = z
  .string()
  .min(1)
  .max(200)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\u0000-\u001f\u007f]+$/);

/** A Git commit, whole or shortened. */
export const Commit = z.string().regex(/^[0-9a-f]{7,64}$/);

export const Role = z.enum(['read', 'write', 'admin']);
export type Role = z.infer<typeof Role>;

/** What every list takes. */
export const pageQuery = {
  limit: z.int().min(1).max(500).optional(),
  cursor: z.string().min(1).max(2_000).optional(),
};

export const PageQuery = z.strictObject(pageQuery);

/** One page of a list; no `cursor`: nothing follows. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), cursor: z.string().optional() });
}

/** The answer of a command that goes on after it was taken. */
export const Accepted = z.object({ status: z.literal('accepted') });
export type Accepted = z.infer<typeof Accepted>;

export const EggParams = z.strictObject({ name: Key });
