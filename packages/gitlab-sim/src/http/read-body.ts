import type { IncomingMessage } from 'node:http';
import { apiErrors } from '../errors.ts';
import { isObject } from './fields.ts';
import { type FieldOrigin, rawFromSearch } from './read-fields.ts';

const maxBytes = 32 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw apiErrors.badRequest({ text: 'request body is too large' });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** The fields of a body: JSON, or a form as curl sends it. */
export function bodyFields(
  contentType: string | undefined,
  body: Buffer,
): { raw: ReadonlyMap<string, unknown>; origin: FieldOrigin } {
  if (body.length === 0) return { raw: new Map(), origin: 'json' };
  if (contentType?.startsWith('application/x-www-form-urlencoded')) {
    return { raw: rawFromSearch(new URLSearchParams(body.toString())), origin: 'text' };
  }
  if (!contentType?.startsWith('application/json')) {
    throw apiErrors.badRequest({ text: `content type ${contentType ?? '(none)'} is not supported` });
  }
  const value = parseJson(body.toString());
  if (!isObject(value)) throw apiErrors.badRequest({ text: 'the body should be a JSON object' });
  return { raw: new Map(Object.entries(value)), origin: 'json' };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw apiErrors.badRequest({ text: 'the body is not valid JSON' }, { cause });
  }
}
