import { isCoded, mapLimit, Secret } from '@polar-gosling/kernel';
import type { CallOptions, GitlabRunners, GitlabTarget, RunnerSpec } from '@polar-gosling/ports/gitlab';
import { fail, findOne, needOne, tell } from './calls.ts';
import type { GitlabHttp } from './http.ts';
import { listAll } from './paging.ts';
import { createdRunnerSchema, managerSchema, runnerRowSchema, runnerSchema } from './schemas.ts';

const one = '/runners/{id}';
const readsAtOnce = 4;

export function createRunners(http: GitlabHttp): GitlabRunners {
  return {
    create: async (target, spec, { signal }) => {
      const request = {
        method: 'POST',
        route: '/user/runners',
        body: { ...scopeOf(spec), ...bodyOf(spec), paused: false },
        what: `make a runner in ${spec.scope} ${spec.scopeId}`,
        urgency: 'demand',
      } as const;
      const thing = `${spec.scope} ${spec.scopeId}`;
      const made = await needOne(http, target, { request, schema: createdRunnerSchema, thing, signal });
      const { id, token, token_expires_at: expiresAt } = made;
      return { id, token: new Secret(token), ...(expiresAt === undefined ? {} : { expiresAt }) };
    },
    findByNote: async (target, at, options) => {
      const ids = await listOwn(http, target, { ...at, ...options });
      const limits = { limit: readsAtOnce, signal: options.signal };
      const notes = await mapLimit(ids, limits, (id, signal) => readNote(http, target, { id, signal }));
      return ids.filter((_id, index) => notes[index] === at.note);
    },
    update: async (target, { id, spec }, { signal }) => {
      const request = {
        method: 'PUT',
        route: one,
        path: { id },
        // `null` takes a limit away that an earlier spec set.
        body: { maximum_timeout: null, ...bodyOf(spec) },
        what: `change runner ${id}`,
        urgency: 'demand',
      } as const;
      const answer = await http.call(target, request, { signal });
      return answer.kind === 'missing' ? 'missing' : 'ok';
    },
    enable: (target, at, options) => enableRunner(http, target, { ...at, ...options }),
    remove: async (target, id, { signal }) => {
      const what = `remove runner ${id}`;
      await http.call(
        target,
        { method: 'DELETE', route: one, path: { id }, what, urgency: 'demand' },
        { signal },
      );
    },
    managers: (target, id, { signal }) => {
      const request = {
        method: 'GET',
        route: `${one}/managers`,
        path: { id },
        what: `list the managers of runner ${id}`,
        urgency: 'sweep',
      } as const;
      return findOne(http, target, { request, schema: managerSchema.array(), signal });
    },
  };
}

/** GitLab refuses to enable a runner twice; that it is enabled already is all we wanted. */
async function enableRunner(
  http: GitlabHttp,
  target: GitlabTarget,
  at: { id: number; projectId: number } & CallOptions,
): Promise<void> {
  const { id, projectId, signal } = at;
  const request = {
    method: 'POST',
    route: '/projects/{id}/runners',
    path: { id: projectId },
    body: { runner_id: id },
    what: `enable runner ${id} in project ${projectId}`,
    urgency: 'demand',
  } as const;
  try {
    await tell(http, target, { request, thing: `runner ${id} or project ${projectId}`, signal });
  } catch (error) {
    if (!isCoded(error, 'GITLAB_REFUSED')) throw error;
    const runner = await readRunner(http, target, { id, withProjects: true, signal });
    if (!runner?.projects?.some((project) => project.id === projectId)) throw error;
  }
}

async function listOwn(
  http: GitlabHttp,
  target: GitlabTarget,
  at: { scope: 'project' | 'group'; scopeId: number } & CallOptions,
): Promise<readonly number[]> {
  const thing = `${at.scope} ${at.scopeId}`;
  const request = {
    method: 'GET',
    route: `/${at.scope}s/{id}/runners`,
    path: { id: at.scopeId },
    query: { type: `${at.scope}_type` },
    what: `list the runners of ${thing}`,
    urgency: 'demand',
  } as const;
  const rows = await listAll(http, target, { request, row: runnerRowSchema, signal: at.signal });
  return (rows ?? fail(target, thing)).map(({ id }) => id);
}

/** Lists do not hold the note. A runner that went away or belongs to a group above ours has none for us. */
async function readNote(
  http: GitlabHttp,
  target: GitlabTarget,
  at: { id: number } & CallOptions,
): Promise<string | undefined> {
  try {
    return (await readRunner(http, target, { ...at, withProjects: false }))?.maintenance_note;
  } catch (error) {
    if (isCoded(error, 'GITLAB_FORBIDDEN')) return undefined;
    throw error;
  }
}

function readRunner(
  http: GitlabHttp,
  target: GitlabTarget,
  at: { id: number; withProjects: boolean } & CallOptions,
) {
  const request = {
    method: 'GET',
    route: one,
    path: { id: at.id },
    query: { include_projects: at.withProjects },
    what: `read runner ${at.id}`,
    urgency: 'demand',
  } as const;
  return findOne(http, target, { request, schema: runnerSchema, signal: at.signal });
}

function scopeOf(spec: RunnerSpec): Record<string, unknown> {
  return spec.scope === 'project'
    ? { runner_type: 'project_type', project_id: spec.scopeId }
    : { runner_type: 'group_type', group_id: spec.scopeId };
}

function bodyOf(spec: RunnerSpec): Record<string, unknown> {
  return {
    description: spec.description,
    tag_list: spec.tags,
    run_untagged: spec.runUntagged,
    access_level: spec.protected ? 'ref_protected' : 'not_protected',
    locked: spec.locked,
    ...(spec.maximumTimeoutS === undefined ? {} : { maximum_timeout: spec.maximumTimeoutS }),
    ...(spec.maintenanceNote === undefined ? {} : { maintenance_note: spec.maintenanceNote }),
  };
}
