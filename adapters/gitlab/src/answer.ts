import { type CodedError, parseJson, readText } from '@polar-gosling/kernel';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { Dispatcher } from 'undici';
import { readRateLimit } from './rate-limit.ts';

/** What GitLab answered, as far as it is no failure. */
export type Answer =
  | { readonly kind: 'ok'; readonly body: unknown; readonly link: string | undefined }
  | { readonly kind: 'missing' };

interface Reading {
  readonly server: string;
  readonly what: string;
  readonly maxBytes: number;
  readonly nowMs: number;
}

/** Where a limited reply says no time; the jittered back-off of the tries comes on top. */
const unsaidRetryMs = 2_000;

/** Turns a reply into an answer or a coded error. 404 is an answer: only the caller knows what it means. */
export async function readAnswer(reply: Dispatcher.ResponseData, reading: Reading): Promise<Answer> {
  const text = await readText(reply.body, reading.maxBytes);
  if (text === undefined) throw bad(reading, `more than ${reading.maxBytes} bytes`);
  const { statusCode: status, headers } = reply;
  if (status === 404) return { kind: 'missing' };
  if (status >= 300) throw failureOf({ status, headers, text }, reading);
  if (status === 204 || text === '') return { kind: 'ok', body: undefined, link: undefined };
  const json = parseJson(text);
  if (json === undefined) throw bad(reading, 'not JSON (a proxy or a login page before GitLab?)');
  const { link } = headers;
  return { kind: 'ok', body: json, link: typeof link === 'string' ? link : link?.join(', ') };
}

function failureOf(
  reply: { status: number; headers: Dispatcher.ResponseData['headers']; text: string },
  reading: Reading,
): CodedError {
  const { server, what } = reading;
  const { status } = reply;
  if (status < 400) return bad(reading, `a redirect (${status}) to another place, which is not followed`);
  if (status === 401) return gitlabErrors.unauthorized({ server });
  if (status === 403) return gitlabErrors.forbidden({ server, what });
  if (status === 429)
    return gitlabErrors.rateLimited({ server, retryAfterMs: waitOf(reply.headers, reading) });
  if (status === 408 || status >= 500) {
    return gitlabErrors.unreachable({ server, reason: `status ${status} when asked to ${what}` });
  }
  return gitlabErrors.refused({ server, what, status, detail: detailOf(reply.text) });
}

function waitOf(headers: Dispatcher.ResponseData['headers'], reading: Reading): number {
  const { retryAfterMs, resetAtMs } = readRateLimit(headers, reading.nowMs);
  if (retryAfterMs !== undefined) return retryAfterMs;
  return resetAtMs === undefined ? unsaidRetryMs : Math.max(0, resetAtMs - reading.nowMs);
}

/** GitLab says why in `message` (text, or lists by field) or `error`. */
function detailOf(text: string): string {
  const json = parseJson(text);
  if (json === null || typeof json !== 'object') return 'no reason given';
  const said = 'message' in json ? json.message : 'error' in json && json.error;
  const detail = typeof said === 'string' ? said : JSON.stringify(said);
  return (detail || 'no reason given').replace(/\p{Cc}/gu, ' ').slice(0, 500);
}

function bad({ server, what }: Reading, problem: string): CodedError {
  return gitlabErrors.badAnswer({ server, what: `the call to ${what}`, problem });
}
