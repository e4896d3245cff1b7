import { agentRoutes } from './agent.ts';
import { auditRoutes } from './audit.ts';
import { cacheRoutes } from './caches.ts';
import { ciJobRoutes } from './ci-jobs.ts';
import { eggRoutes } from './eggs.ts';
import { freezeRoutes } from './freeze.ts';
import { healthRoutes } from './health.ts';
import { internalRoutes } from './internal.ts';
import { pageLinkRoutes } from './page-links.ts';
import { planRoutes } from './plans.ts';
import { previewRoutes } from './previews.ts';
import { rollbackRoutes } from './rollback.ts';
import type { RouteTable } from './route.ts';
import { runnerRoutes } from './runners.ts';
import { runRoutes } from './runs.ts';
import { selfJobRoutes } from './self-jobs.ts';
import { syncRoutes } from './sync.ts';
import { taskRoutes } from './tasks.ts';
import { tokenRoutes } from './tokens.ts';
import { toolRoutes } from './tools.ts';
import { webhookRoutes } from './webhooks.ts';
import { whyRoutes } from './why.ts';

/** Every route of the HTTP API, by operation. */
export const routes = {
  ...webhookRoutes,
  ...internalRoutes,
  ...runnerRoutes,
  ...agentRoutes,
  ...eggRoutes,
  ...planRoutes,
  ...rollbackRoutes,
  ...previewRoutes,
  ...tokenRoutes,
  ...selfJobRoutes,
  ...ciJobRoutes,
  ...whyRoutes,
  ...syncRoutes,
  ...freezeRoutes,
  ...taskRoutes,
  ...toolRoutes,
  ...cacheRoutes,
  ...runRoutes,
  ...auditRoutes,
  ...healthRoutes,
  ...pageLinkRoutes,
} as const satisfies RouteTable;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
