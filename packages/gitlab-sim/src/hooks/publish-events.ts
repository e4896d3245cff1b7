import type { HookEvent, SimContext } from '../sim-context.ts';
import type { Job, Pipeline } from '../state/job.ts';
import { newUuid } from './delivery.ts';
import type { HookDispatcher } from './dispatcher.ts';
import { jobPayload } from './job-payload.ts';
import { pipelinePayload } from './pipeline-payload.ts';

/** Job states GitLab sends no event for. */
const silentStatuses = new Set(['manual', 'skipped', 'scheduled', 'preparing', 'waiting_for_resource']);

/** Turns state changes into messages for the hooks that asked for them. The payload is fixed at that moment. */
export function publishEvents(context: SimContext, dispatcher: HookDispatcher): void {
  const { world, events } = context;
  const publish = ({ projectId, trigger, payload }: HookEvent) => {
    const body = JSON.stringify(payload);
    const eventId = newUuid(context.ids);
    for (const hook of world.hooks.values()) {
      if (hook.projectId !== projectId || !hook.triggers.has(trigger)) continue;
      dispatcher.enqueue(hook, { trigger, id: newUuid(context.ids), eventId, kind: 'event', body });
    }
  };
  events.onHook(publish);
  events.onJob((job: Job) => {
    const project = world.projects.get(job.projectId);
    if (project === undefined || silentStatuses.has(job.status)) return;
    publish({ projectId: project.id, trigger: 'job_events', payload: jobPayload(context, project, job) });
  });
  events.onPipeline((pipeline: Pipeline) => {
    const project = world.projects.get(pipeline.projectId);
    if (project === undefined) return;
    publish({
      projectId: project.id,
      trigger: 'pipeline_events',
      payload: pipelinePayload(context, project, pipeline),
    });
  });
}
