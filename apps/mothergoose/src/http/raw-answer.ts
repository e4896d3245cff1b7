import { STATUS_CODES } from 'node:http';
import { problemMediaType } from '@polar-gosling/api-contract';
import type { CodedError } from '@polar-gosling/kernel';
import { instanceOf, problemOf } from './problem.ts';

/** A whole problem answer as bytes, for connections that never became a request. */
export function rawProblem(
  error: CodedError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const body = JSON.stringify(problemOf(error, instanceOf(requestId)));
  const lines = Object.entries({
    ...headers,
    'content-type': problemMediaType,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${error.http} ${STATUS_CODES[error.http] ?? ''}`, ...lines];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
