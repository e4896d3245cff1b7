import { isLoopbackHost } from '@polar-gosling/api-contract';
import { z } from 'zod';

/** How others reach us: an address without credentials, query or fragment; plain HTTP only for loopback. */
export const publicUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem = problemOf(url);
  if (url === undefined || problem !== undefined) {
    context.addIssue({ code: 'custom', message: problem ?? 'not an address' });
    return z.NEVER;
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
});

function problemOf(url: URL | undefined): string | undefined {
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'an address like https://gosling.example.com';
  if (url.username !== '' || url.password !== '') return 'no user or password in an address';
  if (url.search !== '' || url.hash !== '') return 'no query and no fragment';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return 'plain HTTP would carry tokens in clear: use https://';
  }
  return undefined;
}
