import { type Problem, problemMediaType } from '@polar-gosling/api-contract';
import { type CodedError, isCoded, type Masker, toProblem } from '@polar-gosling/kernel';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { httpErrors } from './http-errors.ts';

/** The page of the error codes. */
const docsPage = 'docs/errors.md';
const defaultRetryAfterS = 5;

const Fields = z.array(z.object({ path: z.string(), code: z.string(), message: z.string() }));

/** Answers an error as RFC 9457. `instance` names this one answer: the request, which the log knows too. */
export function sendProblem(
  reply: FastifyReply,
  error: unknown,
  instance = instanceOf(reply.request.id),
): FastifyReply {
  const coded = codedOf(error);
  const problem = problemOf(coded ?? error, instance);
  const retryAfterS = Number(coded?.params['retryAfterS'] ?? defaultRetryAfterS);
  if (problem.status === 429 || problem.status === 503) reply.header('retry-after', String(retryAfterS));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="gosling"');
  return reply.code(problem.status).header('content-type', problemMediaType).send(JSON.stringify(problem));
}

/** Value by value, so that the answer stays JSON whatever is masked. */
export function maskProblem(masker: Pick<Masker, 'mask'>, reply: FastifyReply, payload: unknown): unknown {
  const isProblem = String(reply.getHeader('content-type')).startsWith(problemMediaType);
  if (!isProblem || typeof payload !== 'string') return payload;
  const masked = (_key: string, value: unknown) => (typeof value === 'string' ? masker.mask(value) : value);
  return JSON.stringify(JSON.parse(payload), masked);
}

export function problemOf(error: unknown, instance: string): Problem {
  const { status, code, title, detail } = toProblem(error);
  const fields = isCoded(error) ? Fields.safeParse(error.params['errors']) : undefined;
  return {
    type: `${docsPage}#${code.toLowerCase()}`,
    title,
    status,
    detail,
    code,
    instance,
    ...(fields?.success ? { errors: fields.data } : undefined),
  };
}

export function instanceOf(requestId: string): string {
  return `urn:gosling:request:${requestId}`;
}

/** What Fastify and the platform throw, in our words; `undefined`: nothing that a client may know. */
export function codedOf(error: unknown): CodedError | undefined {
  if (isCoded(error)) return error;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return httpErrors.timedOut({});
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 414) return httpErrors.notFound({ what: 'path' });
  if (status === 413) return httpErrors.bodyTooLarge({ maxBytes: 1_048_576 });
  if (status === 415) return httpErrors.unsupportedType({});
  if (status >= 400 && status < 500) return httpErrors.badBody({ reason: reasonOf(error) });
  return undefined;
}

/** Only sentences of the framework itself; none of them repeats what was sent. */
function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'it is empty';
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return 'its length is not the one announced';
  if (code === 'FST_ERR_BAD_URL') return 'the path is not well encoded';
  return 'it is not valid JSON, or has a key that is not allowed';
}
