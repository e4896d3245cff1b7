import { createPipeline } from '../ci/create-pipeline.ts';
import { apiErrors } from '../errors.ts';
import { type Fields, flag, oneOf, required, text } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, noContent, ok, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { projectFor } from '../state/lookup.ts';
import type { Project } from '../state/project.ts';
import type { PipelineSchedule } from '../state/schedule.ts';
import { isoOrNull, userEntity } from './entities.ts';

const fields: Fields = { description: text, ref: text, cron: text, cron_timezone: text, active: flag };
const createFields: Fields = {
  ...fields,
  description: required(text),
  ref: required(text),
  cron: required(text),
};

/** Pipeline schedules: kept, shown and played by hand; the simulator has no cron. */
export function scheduleRoutes(context: SimContext): Route[] {
  return [...readRoutes(context), ...writeRoutes(context), ...actionRoutes(context)];
}

function readRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/projects/:id/pipeline_schedules',
      auth: 'user',
      scopes: ['read_api'],
      query: { ...pageFields, scope: oneOf(['active', 'inactive']) },
      handle: (call) => {
        const project = scheduleProject(context, call);
        const scope = call.query.text('scope');
        const found = [...context.world.schedules.values()]
          .filter(({ projectId }) => projectId === project.id)
          .filter(({ isActive }) => scope === undefined || isActive === (scope === 'active'));
        const page = pageOf(call, found);
        return ok(
          page.items.map((schedule) => scheduleEntity(context, schedule)),
          page.headers,
        );
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/pipeline_schedules/:pipeline_schedule_id',
      auth: 'user',
      scopes: ['read_api'],
      handle: (call) => ok(scheduleEntity(context, find(context, call))),
    },
  ];
}

function writeRoutes(context: SimContext): Route[] {
  const { world, clock } = context;
  return [
    {
      method: 'POST',
      path: '/projects/:id/pipeline_schedules',
      auth: 'user',
      scopes: [],
      body: createFields,
      handle: (call) => {
        const nowMs = clock.now();
        const schedule: PipelineSchedule = {
          id: world.nextId('schedule'),
          projectId: scheduleProject(context, call).id,
          createdAtMs: nowMs,
          ownerId: call.caller.user.id,
          description: '',
          ref: '',
          cron: '',
          cronTimezone: 'UTC',
          isActive: true,
          updatedAtMs: nowMs,
          lastPipelineId: undefined,
        };
        applyFields(context, schedule, call);
        world.schedules.set(schedule.id, schedule);
        return created(scheduleEntity(context, schedule));
      },
    },
    {
      method: 'PUT',
      path: '/projects/:id/pipeline_schedules/:pipeline_schedule_id',
      auth: 'user',
      scopes: [],
      body: fields,
      handle: (call) => {
        const schedule = find(context, call);
        applyFields(context, schedule, call);
        return ok(scheduleEntity(context, schedule));
      },
    },
    {
      method: 'DELETE',
      path: '/projects/:id/pipeline_schedules/:pipeline_schedule_id',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        world.schedules.delete(find(context, call).id);
        return noContent;
      },
    },
  ];
}

function actionRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'POST',
      path: '/projects/:id/pipeline_schedules/:pipeline_schedule_id/take_ownership',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        const schedule = find(context, call);
        schedule.ownerId = call.caller.user.id;
        return created(scheduleEntity(context, schedule));
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/pipeline_schedules/:pipeline_schedule_id/play',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        const schedule = find(context, call);
        const pipeline = createPipeline(context, scheduleProject(context, call), {
          ref: schedule.ref.replace(/^refs\/heads\//, ''),
          source: 'schedule',
          userId: schedule.ownerId,
        });
        schedule.lastPipelineId = pipeline.id;
        return created({ message: '201 Created' });
      },
    },
  ];
}

/** GitLab answers with the whole ref, however it was given. */
function applyFields(context: SimContext, schedule: PipelineSchedule, { body }: UserCall): void {
  const ref = body.text('ref') ?? schedule.ref;
  const cron = body.text('cron') ?? schedule.cron;
  if (cron.trim().split(/\s+/).length !== 5) throw apiErrors.badRequest({ text: 'cron is invalid syntax' });
  schedule.ref = ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  schedule.cron = cron;
  schedule.description = body.text('description') ?? schedule.description;
  schedule.cronTimezone = body.text('cron_timezone') ?? schedule.cronTimezone;
  schedule.isActive = body.flag('active') ?? schedule.isActive;
  schedule.updatedAtMs = context.clock.now();
}

function scheduleEntity(context: SimContext, schedule: PipelineSchedule) {
  const owner = context.world.users.get(schedule.ownerId);
  const last = context.world.pipelines.get(schedule.lastPipelineId ?? 0);
  return {
    id: schedule.id,
    description: schedule.description,
    ref: schedule.ref,
    cron: schedule.cron,
    cron_timezone: schedule.cronTimezone,
    next_run_at: null,
    active: schedule.isActive,
    created_at: isoOrNull(schedule.createdAtMs),
    updated_at: isoOrNull(schedule.updatedAtMs),
    last_pipeline:
      last === undefined ? null : { id: last.id, sha: last.sha, ref: last.ref, status: last.status },
    owner: owner === undefined ? null : userEntity(context, owner),
    variables: [],
    inputs: [],
  };
}

function scheduleProject(context: SimContext, { caller, params }: UserCall): Project {
  return projectFor(context.world, caller, { id: params['id'] ?? '', role: 'developer' });
}

function find(context: SimContext, call: UserCall): PipelineSchedule {
  const project = scheduleProject(context, call);
  const schedule = context.world.schedules.get(Number(call.params['pipeline_schedule_id']));
  if (schedule === undefined || schedule.projectId !== project.id) {
    throw apiErrors.notFound({ what: 'Pipeline Schedule' });
  }
  return schedule;
}
