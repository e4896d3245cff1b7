import { Secret } from '@polar-gosling/kernel';
import type {
  GitlabHook,
  GitlabHooks,
  GitlabProject,
  GitlabReader,
  GitlabRunners,
} from '@polar-gosling/ports/gitlab';
import { type GitlabModel, type ModelHook, toGitlabJob } from './gitlab-model.ts';

/** The three GitLab ports over a model; `calls` names each call that was made. */
export interface FakeGitlab {
  readonly reader: GitlabReader;
  readonly hooks: GitlabHooks;
  readonly runners: GitlabRunners;
  readonly calls: string[];
}

export function createFakeGitlab(model: GitlabModel): FakeGitlab {
  const calls: string[] = [];
  return {
    reader: readerOf(model, calls),
    hooks: hooksOf(model, calls),
    runners: runnersOf(model, calls),
    calls,
  };
}

function readerOf(model: GitlabModel, calls: string[]): GitlabReader {
  return {
    metadata: async () => ({ version: '19.0.0' }),
    tokenSelf: async () => ({ scopes: ['api'] }),
    async project(_target, project) {
      calls.push(`reader.project ${project}`);
      const found = [...model.projects].find(([id, path]) => id === project || path === project);
      return found && projectOf(found);
    },
    async groupProjects(_target, groupId) {
      const ids = model.groups.get(groupId);
      return ids?.flatMap((id) => projectOf([id, model.projects.get(id) ?? `project-${id}`]));
    },
    async job(_target, { jobId }) {
      calls.push(`reader.job ${jobId}`);
      const job = model.jobs.get(jobId);
      return job && toGitlabJob(job);
    },
    async openJobs(_target, projectId) {
      calls.push(`reader.openJobs ${projectId}`);
      const open = [...model.jobs.values()].filter(
        (job) => job.projectId === projectId && (job.status === 'pending' || job.status === 'running'),
      );
      return open.map(toGitlabJob);
    },
  };
}

function projectOf([id, pathWithNamespace]: readonly [number, string]): GitlabProject {
  return { id, pathWithNamespace, defaultBranch: 'main' };
}

function hooksOf(model: GitlabModel, calls: string[]): GitlabHooks {
  const view = (hook: ModelHook): GitlabHook => ({
    id: hook.id,
    url: hook.spec.url,
    alertStatus: hook.alertStatus,
    hasToken: true,
    hasSigningToken: model.signs && hook.spec.signingToken !== undefined,
  });
  return {
    async list(_target, projectId) {
      calls.push(`hooks.list ${projectId}`);
      return [...model.hooks.values()].filter((hook) => hook.projectId === projectId).map(view);
    },
    async create(_target, { projectId, spec }) {
      calls.push(`hooks.create ${projectId}`);
      const hook = { id: model.nextId(), projectId, spec, alertStatus: 'executable' };
      model.hooks.set(hook.id, hook);
      return view(hook);
    },
    async update(_target, { projectId, hookId, spec }) {
      calls.push(`hooks.update ${projectId}`);
      const hook = model.hooks.get(hookId);
      if (hook === undefined) return 'missing';
      hook.spec = spec;
      return view(hook);
    },
    async remove(_target, { projectId, hookId }) {
      calls.push(`hooks.remove ${projectId}`);
      model.hooks.delete(hookId);
    },
    async test(_target, { hookId }) {
      calls.push(`hooks.test ${hookId}`);
      const hook = model.hooks.get(hookId);
      if (hook) hook.alertStatus = 'executable';
    },
  };
}

function runnersOf(model: GitlabModel, calls: string[]): GitlabRunners {
  return {
    async create(_target, spec) {
      calls.push(`runners.create ${spec.scopeId}`);
      const id = model.nextId();
      const token = `glrt-${String(id).padStart(8, '0')}`;
      const projects = new Set(spec.scope === 'project' ? [spec.scopeId] : []);
      model.registrations.set(id, { id, token, spec, projects });
      return { id, token: new Secret(token) };
    },
    async findByNote(_target, { note }) {
      const found = [...model.registrations.values()].filter(({ spec }) => spec.maintenanceNote === note);
      return found.map(({ id }) => id);
    },
    async update(_target, { id, spec }) {
      calls.push(`runners.update ${id}`);
      const registration = model.registrations.get(id);
      if (registration === undefined) return 'missing';
      registration.spec = spec;
      return 'ok';
    },
    async enable(_target, { id, projectId }) {
      calls.push(`runners.enable ${id} ${projectId}`);
      model.registrations.get(id)?.projects.add(projectId);
    },
    async remove(_target, id) {
      calls.push(`runners.remove ${id}`);
      model.registrations.delete(id);
    },
    async managers(_target, id) {
      if (!model.registrations.has(id)) return undefined;
      return [...model.managers].flatMap(([systemId, { registration, busy }]) =>
        registration === id
          ? [{ systemId, status: 'online', jobExecutionStatus: busy ? 'active' : 'idle' }]
          : [],
      );
    },
  };
}
