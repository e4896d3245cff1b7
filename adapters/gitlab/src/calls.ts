import { type CallOptions, type GitlabTarget, gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { z } from 'zod';
import { checkBody } from './check-body.ts';
import type { ApiRequest, GitlabHttp } from './http.ts';

/** One object; `undefined` when GitLab has none, or hides it. */
export async function findOne<Body>(
  http: GitlabHttp,
  target: GitlabTarget,
  of: { request: ApiRequest; schema: z.ZodType<Body> } & CallOptions,
): Promise<Body | undefined> {
  const answer = await http.call(target, of.request, { signal: of.signal });
  if (answer.kind === 'missing') return undefined;
  return checkBody(target, { what: of.request.what, schema: of.schema }, answer.body);
}

/** One object that must be there: else GITLAB_NOT_FOUND. */
export async function needOne<Body>(
  http: GitlabHttp,
  target: GitlabTarget,
  of: { request: ApiRequest; schema: z.ZodType<Body>; thing: string } & CallOptions,
): Promise<Body> {
  const found = await findOne(http, target, of);
  return found ?? fail(target, of.thing);
}

/** A call whose answer is of no interest, to a thing that must be there. */
export async function tell(
  http: GitlabHttp,
  target: GitlabTarget,
  of: { request: ApiRequest; thing: string } & CallOptions,
): Promise<void> {
  const answer = await http.call(target, of.request, { signal: of.signal });
  if (answer.kind === 'missing') fail(target, of.thing);
}

export function fail(target: GitlabTarget, thing: string): never {
  throw gitlabErrors.notFound({ server: new URL(target.url).host, what: thing });
}
