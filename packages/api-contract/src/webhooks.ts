import { z } from 'zod';
import type { RouteTable } from './route.ts';

/** The answer to a delivery, once it is durable. */
export const WebhookReceipt = z.object({
  status: z.enum(['accepted', 'duplicate', 'ignored', 'too_big']),
});
export type WebhookReceipt = z.infer<typeof WebhookReceipt>;

export const webhookRoutes = {
  receiveWebhook: {
    method: 'POST',
    path: '/webhooks/gitlab',
    summary: 'A delivery of a GitLab webhook',
    auth: 'webhook',
    success: { status: 200, schema: WebhookReceipt },
    errors: [400],
  },
} as const satisfies RouteTable;
