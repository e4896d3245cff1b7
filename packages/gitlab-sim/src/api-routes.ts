import { coordinatorJobRoutes } from './coordinator/job-routes.ts';
import { runnerSelfRoutes } from './coordinator/runner-routes.ts';
import type { HookDispatcher } from './hooks/dispatcher.ts';
import type { Route } from './http/route.ts';
import { accountRoutes } from './rest/account-routes.ts';
import { deployKeyRoutes } from './rest/deploy-key-routes.ts';
import { hookEventRoutes } from './rest/hook-event-routes.ts';
import { hookRoutes } from './rest/hook-routes.ts';
import { jobRoutes } from './rest/job-routes.ts';
import { pipelineRoutes } from './rest/pipeline-routes.ts';
import { projectRoutes } from './rest/project-routes.ts';
import { projectRunnerRoutes } from './rest/project-runner-routes.ts';
import { runnerRoutes } from './rest/runner-routes.ts';
import { scheduleRoutes } from './rest/schedule-routes.ts';
import type { SimContext } from './sim-context.ts';

/** Every route of `/api/v4` that the simulator serves. */
export function apiRoutes(context: SimContext, dispatcher: HookDispatcher): Route[] {
  return [
    ...accountRoutes(context),
    ...projectRoutes(context),
    ...hookRoutes(context),
    ...hookEventRoutes(context, dispatcher),
    ...runnerRoutes(context),
    ...projectRunnerRoutes(context),
    ...jobRoutes(context),
    ...pipelineRoutes(context),
    ...deployKeyRoutes(context),
    ...scheduleRoutes(context),
    ...runnerSelfRoutes(context),
    ...coordinatorJobRoutes(context),
  ];
}
