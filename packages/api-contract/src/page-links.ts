import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Time } from './wire.ts';

/** Opens the status page in a browser, once; what it shows is what the token that asked for it may see. */
export const PageLink = z.object({ path: z.string(), expires_at: Time });
export type PageLink = z.infer<typeof PageLink>;

export const pageLinkRoutes = {
  createPageLink: {
    method: 'POST',
    path: '/page-links',
    summary: 'Make a link that opens the status page once',
    auth: 'api',
    success: { status: 201, schema: PageLink },
  },
} as const satisfies RouteTable;
