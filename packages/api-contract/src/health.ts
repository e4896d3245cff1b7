import { z } from 'zod';
import { ProblemNote } from './eggs.ts';
import type { RouteTable } from './route.ts';
import { Time } from './wire.ts';

/**
 * Alive, and what it stands on. Details, problems and the Nest are told only to the holder of an API token.
 */
export const Health = z.object({
  live: z.boolean(),
  version: z.string(),
  dependencies: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
  problems: z.array(ProblemNote).optional(),
  nest: z
    .object({
      commit: z.string().optional(),
      synced_at: Time.optional(),
      status: z.string().optional(),
      mode: z.enum(['webhook', 'poll']),
    })
    .optional(),
});
export type Health = z.infer<typeof Health>;

export const healthRoutes = {
  health: {
    method: 'GET',
    path: '/health',
    summary: 'Alive, and what it stands on',
    auth: 'optional',
    success: { status: 200, schema: Health },
    errors: [503],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    auth: 'local',
    success: { status: 200, mediaType: 'text/plain; version=0.0.4; charset=utf-8' },
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    auth: 'none',
    success: { status: 200, mediaType: 'application/json' },
  },
} as const satisfies RouteTable;
