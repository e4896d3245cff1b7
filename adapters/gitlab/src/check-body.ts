import { type GitlabTarget, gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { z } from 'zod';

/** Reads a body by its schema; what does not fit is GITLAB_BAD_ANSWER, naming the field and never its value. */
export function checkBody<Body>(
  target: GitlabTarget,
  by: { what: string; schema: z.ZodType<Body> },
  body: unknown,
): Body {
  const parsed = by.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') || 'the body';
  throw gitlabErrors.badAnswer({
    server: new URL(target.url).host,
    what: `the call to ${by.what}`,
    problem: `${where}: ${issue?.message ?? 'not as expected'}`,
  });
}
