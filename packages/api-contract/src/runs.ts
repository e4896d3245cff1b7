import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Key } from './wire.ts';

/** One OpenTofu run. */
export const RunParams = z.strictObject({ id: Key });

export const runRoutes = {
  runLog: {
    method: 'GET',
    path: '/runs/{id}/log',
    summary: 'What OpenTofu said in one run',
    auth: 'api',
    params: RunParams,
    success: { status: 200, mediaType: 'text/plain; charset=utf-8' },
    errors: [404],
  },
} as const satisfies RouteTable;
