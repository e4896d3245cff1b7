import { readFileSync } from 'node:fs';
import { Secret } from '@polar-gosling/kernel';
import type { HookSpec, RunnerSpec } from '@polar-gosling/ports/gitlab';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createHooks } from './hooks.ts';
import type { ApiRequest, GitlabHttp } from './http.ts';
import { createReader } from './reader.ts';
import { createRunners } from './runners.ts';

const schema = z.object({
  type: z.string().optional(),
  enum: z.array(z.coerce.string()).optional(),
  items: z.object({ type: z.string().optional(), enum: z.array(z.coerce.string()).optional() }).optional(),
});
type Schema = z.infer<typeof schema>;
const operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string(), schema })).optional(),
  requestBody: z
    .object({
      content: z.object({
        'application/json': z.object({
          schema: z.object({
            properties: z.record(z.string(), schema),
            required: z.array(z.string()).optional(),
            'x-gosling-required': z.array(z.string()).optional(),
          }),
        }),
      }),
    })
    .optional(),
});
const file = new URL('../../../packages/gitlab-sim/testdata/gitlab-extract.yaml', import.meta.url);
const paths = z
  .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
  .parse(parse(readFileSync(file, 'utf8'))).paths;

/** Added to every list by a generic helper of GitLab that the description leaves out. */
const everyList = ['pagination', 'order_by', 'sort', 'cursor', 'id_after', 'page_token'];

function fits(value: unknown, by: Schema): boolean {
  if (by.enum && !by.enum.includes(String(value))) return false;
  if (by.type === 'array') {
    return Array.isArray(value) && value.every((item) => by.items === undefined || fits(item, by.items));
  }
  if (by.type === 'integer') return Number.isInteger(value) || value === null;
  return by.type === undefined || typeof value === by.type;
}

/** What of a request GitLab's own description does not know. */
function complaints(request: ApiRequest): string[] {
  const found = paths[request.route]?.[request.method.toLowerCase()];
  if (found === undefined) return [`${request.method} ${request.route} is unknown`];
  const { parameters = [], requestBody } = operation.parse(found);
  const queryKeys = new Map(
    parameters.filter((each) => each.in === 'query').map((each) => [each.name, each.schema]),
  );
  const body = requestBody?.content['application/json'].schema;
  const required = body?.['x-gosling-required'] ?? body?.required ?? [];
  const names = [...request.route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return [
    ...Object.entries(request.query ?? {})
      .filter(([key]) => !everyList.includes(key))
      .filter(([key, value]) => !fits(value, queryKeys.get(key) ?? { enum: [] }))
      .map(([key]) => `query ${key}`),
    ...Object.entries(request.body ?? {})
      .filter(([key, value]) => !fits(value, body?.properties[key] ?? { enum: [] }))
      .map(([key]) => `body ${key}`),
    ...required.filter((key) => request.body?.[key] === undefined).map((key) => `body lacks ${key}`),
    ...names.filter((name) => request.path?.[name ?? ''] === undefined).map((name) => `path lacks ${name}`),
    ...parameters
      .filter((each) => each.in === 'path')
      .filter((each) => each.schema.enum && !fits(request.path?.[each.name], each.schema))
      .map((each) => `path ${each.name}`),
  ];
}

const hookSpec: HookSpec = {
  url: 'https://goose.example/webhooks/gitlab',
  token: new Secret('hook-secret'),
  signingToken: new Secret('whsec_aGVsbG8='),
  sslVerification: true,
  name: 'polar-gosling x',
};
const projectRunner: RunnerSpec = {
  scope: 'project',
  scopeId: 7,
  description: 'polar-gosling big',
  tags: ['linux', 'big'],
  runUntagged: false,
  protected: true,
  locked: true,
  maximumTimeoutS: 3600,
  maintenanceNote: 'polar-gosling/big',
};
const groupRunner: RunnerSpec = {
  scope: 'group',
  scopeId: 8,
  description: 'polar-gosling small',
  tags: [],
  runUntagged: true,
  protected: false,
  locked: false,
};

/** Runs every method of the three ports once and gives what they ask for. */
async function everyRequest(): Promise<ApiRequest[]> {
  const requests: ApiRequest[] = [];
  const http: GitlabHttp = {
    async call(_target, request) {
      requests.push(request);
      return { kind: 'ok', body: bodyFor(request), link: undefined };
    },
  };
  const target = { url: 'https://gitlab.test', token: new Secret('x') };
  const options = { signal: new AbortController().signal };
  const [reader, hooks, runners] = [createReader(http), createHooks(http), createRunners(http)];
  await reader.metadata(target, options);
  await reader.project(target, 'a/b', options);
  await reader.groupProjects(target, 8, options);
  await reader.job(target, { projectId: 7, jobId: 1 }, options);
  await reader.openJobs(target, 7, options);
  await reader.tokenSelf(target, options);
  await hooks.list(target, 7, options);
  await hooks.create(target, { projectId: 7, spec: hookSpec }, options);
  await hooks.update(target, { projectId: 7, hookId: 1, spec: hookSpec }, options);
  await hooks.remove(target, { projectId: 7, hookId: 1 }, options);
  await hooks.test(target, { projectId: 7, hookId: 1, event: 'job_events' }, options);
  for (const spec of [projectRunner, groupRunner]) {
    const { scope, scopeId } = spec;
    await runners.create(target, spec, options);
    await runners.update(target, { id: 3, spec }, options);
    await runners.findByNote(target, { scope, scopeId, note: 'polar-gosling/big' }, options);
  }
  await runners.enable(target, { id: 3, projectId: 7 }, options);
  await runners.remove(target, 3, options);
  await runners.managers(target, 3, options);
  return requests;
}

function bodyFor({ method, route, query }: ApiRequest): unknown {
  if (method === 'GET' && (query?.['per_page'] !== undefined || route.endsWith('/managers'))) {
    return route.endsWith('/runners') ? [{ id: 3 }] : [];
  }
  return {
    ...{ id: 3, version: '19.4', path_with_namespace: 'a/b', scopes: ['api'], token: 'glrt-x' },
    ...{ name: 'j', status: 'pending', ref: 'main', pipeline: { id: 1 }, url: hookSpec.url },
    created_at: '2026-01-01T00:00:00Z',
  };
}

describe("GitLab's own description of its API", () => {
  it('knows every method, path, query key and body key we send', async () => {
    const requests = await everyRequest();

    const found = requests.map((request) => ({
      call: `${request.method} ${request.route}`,
      complaints: complaints(request),
    }));

    expect(found.filter((each) => each.complaints.length > 0)).toEqual([]);
    expect(new Set(found.map((each) => each.call)).size).toBe(19);
  });

  it('would show a call, a key or a value GitLab does not know', () => {
    const base = { what: 'x', urgency: 'demand' } as const;

    expect(complaints({ ...base, method: 'POST', route: '/metadata' })).not.toEqual([]);
    expect(
      complaints({ ...base, method: 'GET', route: '/projects/{id}', path: { id: 1 }, query: { nope: 1 } }),
    ).toEqual(['query nope']);
    expect(
      complaints({
        ...base,
        method: 'POST',
        route: '/user/runners',
        body: { runner_type: 'no_type', tag_list: 'a,b', nope: 1 },
      }),
    ).toEqual(['body runner_type', 'body tag_list', 'body nope']);
    expect(
      complaints({
        ...base,
        method: 'POST',
        route: '/projects/{id}/hooks/{hook_id}/test/{trigger}',
        path: { id: 1, hook_id: 1, trigger: 'nope' },
      }),
    ).toEqual(['path trigger']);
  });
});
