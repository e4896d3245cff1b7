import { accepted, type RouteTable } from './route.ts';

export const internalRoutes = {
  triggerSync: {
    method: 'POST',
    path: '/internal/sync-git',
    summary: 'The timer: sync the Nest',
    auth: 'trigger',
    success: accepted,
  },
  triggerHealthCheck: {
    method: 'POST',
    path: '/internal/health-check',
    summary: 'The timer: prune runners',
    auth: 'trigger',
    success: accepted,
  },
  triggerUglyfoxHealthCheck: {
    method: 'POST',
    path: '/internal/uglyfox/health-check',
    summary: 'The timer: prune runners (second name)',
    auth: 'trigger',
    success: accepted,
  },
  triggerCollect: {
    method: 'POST',
    path: '/internal/metrics/collect',
    summary: 'The timer: roll-ups, retention, gauges',
    auth: 'trigger',
    success: accepted,
  },
  triggerTick: {
    method: 'POST',
    path: '/internal/tick',
    summary: 'The timer: everything that is due',
    auth: 'trigger',
    success: accepted,
  },
} as const satisfies RouteTable;
