import { z } from 'zod';
import { done, type RouteTable } from './route.ts';
import { Key } from './wire.ts';

/** No launches, no kills, until it is lifted. */
export const FreezeRequest = z.strictObject({ why: z.string().min(1).max(500) });

export const FreezeParams = z.strictObject({ egg: Key });

export const freezeRoutes = {
  freezeAll: {
    method: 'PUT',
    path: '/freeze',
    summary: 'No launches and no kills anywhere',
    auth: 'api',
    role: 'write',
    wholeInstallation: true,
    body: FreezeRequest,
    success: done,
  },
  unfreezeAll: {
    method: 'DELETE',
    path: '/freeze',
    summary: 'Lift the freeze of everything',
    auth: 'api',
    role: 'write',
    wholeInstallation: true,
    success: done,
    errors: [404],
  },
  freezeEgg: {
    method: 'PUT',
    path: '/freeze/{egg}',
    summary: 'No launches and no kills of one Egg',
    auth: 'api',
    role: 'write',
    params: FreezeParams,
    body: FreezeRequest,
    success: done,
    errors: [404],
  },
  unfreezeEgg: {
    method: 'DELETE',
    path: '/freeze/{egg}',
    summary: 'Lift the freeze of one Egg',
    auth: 'api',
    role: 'write',
    params: FreezeParams,
    success: done,
    errors: [404],
  },
} as const satisfies RouteTable;
