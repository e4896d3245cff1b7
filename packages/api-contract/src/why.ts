import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Key, Time } from './wire.ts';

/** `project_id`: the number, or the URL-encoded path. */
export const WhyParams = z.strictObject({
  server: Key,
  project_id: z.string().min(1).max(500),
  job_id: z.int().min(1),
});

/** Why a CI job waits (or does not), step by step. */
export const Why = z.object({
  job: z.record(z.string(), z.unknown()),
  verdict: z.enum(['running', 'waiting', 'unmatched', 'unknown', 'done']),
  since: Time,
  steps: z.array(z.object({ at: Time.nullable(), what: z.string(), detail: z.string(), ok: z.boolean() })),
  candidates: z.array(
    z.object({
      egg_name: z.string(),
      matches: z.boolean(),
      missing_tags: z.array(z.string()),
      room: z.number(),
      order: z.number(),
      refused_because: z.string().optional(),
    }),
  ),
  next: z.object({ what: z.string(), at_latest: Time.nullable() }).nullable(),
  blockers: z.array(z.object({ code: z.string(), detail: z.string(), fix: z.string() })),
});
export type Why = z.infer<typeof Why>;

export const whyRoutes = {
  why: {
    method: 'GET',
    path: '/why/{server}/{project_id}/{job_id}',
    summary: 'Why a CI job waits, step by step',
    auth: 'api',
    params: WhyParams,
    success: { status: 200, schema: Why },
    errors: [404],
  },
} as const satisfies RouteTable;
