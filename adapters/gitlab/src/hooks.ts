import type { GitlabHooks, HookSpec } from '@polar-gosling/ports/gitlab';
import { findOne, needOne, tell } from './calls.ts';
import type { GitlabHttp } from './http.ts';
import { listAll } from './paging.ts';
import { hookSchema } from './schemas.ts';

const all = '/projects/{id}/hooks';
const one = '/projects/{id}/hooks/{hook_id}';

export function createHooks(http: GitlabHttp): GitlabHooks {
  return {
    list: (target, projectId, { signal }) => {
      const what = `list the webhooks of project ${projectId}`;
      const request = { method: 'GET', route: all, path: { id: projectId }, what, urgency: 'sweep' } as const;
      return listAll(http, target, { request, row: hookSchema, signal });
    },
    create: (target, { projectId, spec }, { signal }) => {
      const request = {
        method: 'POST',
        route: all,
        path: { id: projectId },
        body: bodyOf(spec),
        what: `make a webhook in project ${projectId}`,
        urgency: 'demand',
      } as const;
      return needOne(http, target, { request, schema: hookSchema, thing: `project ${projectId}`, signal });
    },
    update: async (target, { projectId, hookId, spec }, { signal }) => {
      const request = {
        method: 'PUT',
        route: one,
        path: { id: projectId, hook_id: hookId },
        body: bodyOf(spec),
        what: `change webhook ${hookId} of project ${projectId}`,
        urgency: 'demand',
      } as const;
      return (await findOne(http, target, { request, schema: hookSchema, signal })) ?? 'missing';
    },
    remove: async (target, { projectId, hookId }, { signal }) => {
      const path = { id: projectId, hook_id: hookId };
      const what = `remove webhook ${hookId} of project ${projectId}`;
      await http.call(target, { method: 'DELETE', route: one, path, what, urgency: 'demand' }, { signal });
    },
    test: (target, { projectId, hookId, event }, { signal }) => {
      const request = {
        method: 'POST',
        route: `${one}/test/{trigger}`,
        path: { id: projectId, hook_id: hookId, trigger: event },
        what: `test webhook ${hookId} of project ${projectId}`,
        urgency: 'demand',
      } as const;
      const thing = `webhook ${hookId} in project ${projectId}`;
      return tell(http, target, { request, thing, signal });
    },
  };
}

/**
 * Every field, each time: an update clears the secrets that are left out, and new hooks of GitLab listen to pushes
 * unless told not to.
 */
function bodyOf(spec: HookSpec): Record<string, unknown> {
  return {
    url: spec.url,
    name: spec.name,
    token: spec.token.reveal(),
    ...(spec.signingToken ? { signing_token: spec.signingToken.reveal() } : {}),
    enable_ssl_verification: spec.sslVerification,
    job_events: true,
    pipeline_events: true,
    push_events: true,
    merge_requests_events: true,
    resource_access_token_events: true,
    tag_push_events: false,
    issues_events: false,
    confidential_issues_events: false,
    note_events: false,
    confidential_note_events: false,
    wiki_page_events: false,
    deployment_events: false,
    releases_events: false,
    feature_flag_events: false,
    milestone_events: false,
    emoji_events: false,
  };
}
