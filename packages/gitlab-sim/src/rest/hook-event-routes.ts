import { jobsOf } from '../ci/job-lifecycle.ts';
import { apiErrors } from '../errors.ts';
import { newUuid } from '../hooks/delivery.ts';
import type { HookDispatcher } from '../hooks/dispatcher.ts';
import { jobPayload } from '../hooks/job-payload.ts';
import { pipelinePayload } from '../hooks/pipeline-payload.ts';
import { pushPayload } from '../hooks/push-payload.ts';
import { listOf } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { createRateLimiter } from '../http/rate-limiter.ts';
import { ok, type Reply, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { type HookDelivery, type HookTrigger, hookTriggers } from '../state/hook.ts';
import { type Project, zeroSha } from '../state/project.ts';
import { hookEventEntity } from './hook-entity.ts';
import { hookOf, hookProject } from './hook-routes.ts';

const keptMs = 7 * 24 * 3_600_000;
const operationsPerMinute = 5;
const statusWords = ['successful', 'client_failure', 'server_failure'];
const statusValues = [...statusWords, ...Array.from({ length: 500 }, (_, index) => String(index + 100))];

/** Delivery history, resend and test of a hook. */
export function hookEventRoutes(context: SimContext, dispatcher: HookDispatcher): Route[] {
  const limitRate = createRateLimiter(context.clock);
  const limit = (call: UserCall, name: string) => {
    const key = `${name} ${call.caller.user.id} ${call.params['id']}`;
    if (!limitRate(key, operationsPerMinute, name).isAllowed) throw apiErrors.tooManyRequests({});
  };
  return [
    {
      method: 'GET',
      path: '/projects/:id/hooks/:hook_id/events',
      auth: 'user',
      scopes: ['read_api'],
      query: { ...pageFields, status: listOf(statusValues) },
      handle: (call) => {
        const wanted = call.query.texts('status');
        const found = eventsOf(context, hookOf(context, call).id)
          .filter((delivery) => wanted === undefined || wanted.some((word) => hasStatus(delivery, word)))
          .toReversed();
        const page = pageOf(call, found, { maxPerPage: 20 });
        return ok(page.items.map(hookEventEntity), page.headers);
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/hooks/:hook_id/events/:hook_log_id/resend',
      auth: 'user',
      scopes: [],
      handle: async (call) => {
        const hook = hookOf(context, call);
        limit(call, 'web_hook_event_resend');
        const sent = eventsOf(context, hook.id).find(({ id }) => id === Number(call.params['hook_log_id']));
        if (sent === undefined) throw apiErrors.notFound({ what: '' });
        const { trigger, body, messageId } = sent;
        const delivery = await dispatcher.sendNow(hook, {
          trigger,
          body,
          id: messageId,
          eventId: newUuid(context.ids),
          kind: 'resend',
        });
        return { status: 201, body: { response_status: delivery.status ?? 'internal error' } };
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/hooks/:hook_id/test/:trigger',
      auth: 'user',
      scopes: [],
      handle: async (call) => {
        const hook = hookOf(context, call);
        limit(call, 'web_hook_test');
        const trigger = hookTriggers.find((one) => one === call.params['trigger']);
        if (trigger === undefined)
          throw apiErrors.badRequest({ text: 'trigger does not have a valid value' });
        const payload = testPayload(context, hookProject(context, call), { trigger, call });
        const delivery = await dispatcher.sendNow(hook, {
          trigger,
          body: JSON.stringify(payload),
          id: newUuid(context.ids),
          eventId: newUuid(context.ids),
          kind: 'test',
        });
        return testReply(delivery);
      },
    },
  ];
}

/** What a test sends: the newest thing of that kind, or GitLab's complaint that there is none. */
function testPayload(
  context: SimContext,
  project: Project,
  test: { trigger: HookTrigger; call: UserCall },
): object {
  const pipeline = [...context.world.pipelines.values()].findLast(
    ({ projectId }) => projectId === project.id,
  );
  const job = pipeline && jobsOf(context, pipeline).at(-1);
  const commit = project.heads.get(project.defaultBranch);
  if (test.trigger === 'job_events' && job !== undefined) return jobPayload(context, project, job);
  if (test.trigger === 'pipeline_events' && pipeline !== undefined) {
    return pipelinePayload(context, project, pipeline);
  }
  if (test.trigger === 'push_events' && commit !== undefined) {
    return pushPayload(context, project, {
      branch: project.defaultBranch,
      beforeSha: zeroSha,
      commit,
      userId: test.call.caller.user.id,
      changed: { added: [], modified: [], removed: [] },
    });
  }
  throw apiErrors.unprocessable({ text: complaints[test.trigger] ?? 'the simulator has nothing to send' });
}

const complaints: Partial<Record<HookTrigger, string>> = {
  job_events: 'Ensure the project has CI jobs.',
  pipeline_events: 'Ensure the project has CI pipelines.',
  push_events: 'Ensure the project has at least one commit.',
};

function testReply(delivery: HookDelivery): Reply {
  if (delivery.outcome === 'delivered') return { status: 201, body: { message: '201 Created' } };
  return { status: 422, body: { message: delivery.error ?? delivery.responseBody } };
}

function eventsOf(context: SimContext, hookId: number): HookDelivery[] {
  const oldestMs = context.clock.now() - keptMs;
  return context.world.deliveries.filter(
    ({ hookId: of, atMs, outcome }) =>
      of === hookId && atMs >= oldestMs && (outcome === 'delivered' || outcome === 'failed'),
  );
}

function hasStatus({ status }: HookDelivery, word: string): boolean {
  if (word === 'successful') return status !== undefined && status < 400;
  if (word === 'client_failure') return status !== undefined && status >= 400 && status < 500;
  if (word === 'server_failure') return status === undefined || status >= 500;
  return String(status) === word;
}
