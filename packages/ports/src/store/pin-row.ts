import { z } from 'zod';

/** An earlier deployment whose machines an Egg has, whatever its Nest says of machines. */
export const PinRow = z.object({
  version: z.number(),
  updated_at: z.number(),
  egg_name: z.string(),
  deployment_id: z.string(),
  by: z.string(),
  why: z.string(),
  at: z.number(),
  /** The machine part of that deployment, and its commit. */
  machine: z.any(),
  git_commit: z.string(),
  /** Hash of the Nest's own machine part when it was pinned: the pin ends when that changes. */
  over: z.string(),
});
export type PinRow = z.infer<typeof PinRow>;
