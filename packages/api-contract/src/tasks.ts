import { z } from 'zod';
import { accepted, done, type RouteTable } from './route.ts';
import { Key, PageQuery, Time } from './wire.ts';

/** A message that was given up: a dead letter. */
export const Task = z.object({
  id: z.string(),
  kind: z.string(),
  key: z.string(),
  trace: z.string(),
  reason: z.string(),
  buried_at: Time,
  receives: z.int(),
});
export type Task = z.infer<typeof Task>;

export const QueueCounts = z.object({
  ready: z.int(),
  leased: z.int(),
  delayed: z.int(),
  buried: z.int(),
  oldest_age_s: z.number(),
});

export const TaskList = z.object({
  items: z.array(Task),
  cursor: z.string().optional(),
  queue: QueueCounts,
});
export type TaskList = z.infer<typeof TaskList>;

export const TaskParams = z.strictObject({ id: Key });

export const taskRoutes = {
  listTasks: {
    method: 'GET',
    path: '/tasks',
    summary: 'The queue and its dead letters, newest first',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    query: PageQuery,
    success: { status: 200, schema: TaskList },
  },
  redriveTask: {
    method: 'POST',
    path: '/tasks/{id}/redrive',
    summary: 'Put a dead letter back to work',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    params: TaskParams,
    success: accepted,
    errors: [404],
  },
  purgeTask: {
    method: 'DELETE',
    path: '/tasks/{id}',
    summary: 'Throw a dead letter away',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    params: TaskParams,
    success: done,
    errors: [404],
  },
} as const satisfies RouteTable;
