import { isCoded } from '@polar-gosling/kernel';
import type { GitlabReader } from '@polar-gosling/ports/gitlab';
import { findOne, needOne } from './calls.ts';
import type { GitlabHttp } from './http.ts';
import { listAll } from './paging.ts';
import { jobSchema, metadataSchema, projectSchema, tokenSchema } from './schemas.ts';

export function createReader(http: GitlabHttp): GitlabReader {
  return {
    metadata: async (target, { signal }) => {
      const request = { ...get('/metadata', 'read its version'), urgency: 'demand' } as const;
      return needOne(http, target, { request, schema: metadataSchema, thing: 'API at this address', signal });
    },
    project: (target, project, { signal }) => {
      const what = `read project ${project}`;
      const request = { ...get('/projects/{id}', what), path: { id: project }, urgency: 'demand' } as const;
      return findOne(http, target, { request, schema: projectSchema, signal });
    },
    groupProjects: (target, groupId, { signal }) => {
      const request = {
        ...get('/groups/{id}/projects', `list the projects of group ${groupId}`),
        path: { id: groupId },
        query: {
          include_subgroups: true,
          with_shared: false,
          archived: false,
          simple: true,
          order_by: 'id',
          sort: 'asc',
        },
        urgency: 'sweep',
      } as const;
      return listAll(http, target, { request, row: projectSchema, signal });
    },
    job: (target, { projectId, jobId }, { signal }) => {
      const request = {
        ...get('/projects/{id}/jobs/{job_id}', `read job ${jobId} of project ${projectId}`),
        path: { id: projectId, job_id: jobId },
        urgency: 'demand',
      } as const;
      return findOne(http, target, { request, schema: jobSchema, signal });
    },
    openJobs: (target, projectId, { signal }) => {
      const request = {
        ...get('/projects/{id}/jobs', `list the open jobs of project ${projectId}`),
        path: { id: projectId },
        query: { scope: ['pending', 'running'], pagination: 'keyset', order_by: 'id', sort: 'desc' },
        urgency: 'sweep',
      } as const;
      return listAll(http, target, { request, row: jobSchema, signal });
    },
    tokenSelf: async (target, { signal }) => {
      const request = {
        ...get('/personal_access_tokens/self', 'read its own token'),
        urgency: 'sweep',
      } as const;
      try {
        const found = await findOne(http, target, { request, schema: tokenSchema, signal });
        if (!found) return undefined;
        const { scopes, expires_at: expiresAt } = found;
        return { scopes, ...(expiresAt === undefined ? {} : { expiresAt }) };
      } catch (error) {
        // A token whose scopes do not reach this route cannot say what it is.
        if (isCoded(error, 'GITLAB_FORBIDDEN')) return undefined;
        throw error;
      }
    },
  };
}

function get(route: string, what: string) {
  return { method: 'GET', route, what } as const;
}
