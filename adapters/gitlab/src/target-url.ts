import { isIP } from 'node:net';
import { addressRefusal } from '@polar-gosling/kernel';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';

export interface TargetUrl {
  /** `https://host[:port]`: connections are shared by it. */
  readonly origin: string;
  /** Name of the server in errors and logs: host, with its port if it has one. */
  readonly server: string;
  /** Path before `/api/v4`, without its last slash; not empty for GitLab under a relative URL. */
  readonly path: string;
}

/** Reads a GitLab base URL and refuses what must never be called, before any packet leaves. */
export function parseTargetUrl(text: string, options: { allowPrivate: boolean }): TargetUrl {
  const url = URL.parse(text);
  if (!url) throw gitlabErrors.refusedUrl({ server: '?', reason: 'it is not a URL' });
  const reason = refusalOf(url, options);
  if (reason !== undefined) throw gitlabErrors.refusedUrl({ server: url.host || '?', reason });
  return { origin: url.origin, server: url.host, path: url.pathname.replace(/\/+$/, '') };
}

function refusalOf(url: URL, options: { allowPrivate: boolean }): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'only https:// is spoken';
  if (url.protocol === 'http:' && !options.allowPrivate) return 'http:// would show the token to everyone';
  if (url.username !== '' || url.password !== '') return 'it carries a user or a password';
  if (url.search !== '' || url.hash !== '') return 'it has a query or a fragment';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) > 0 ? addressRefusal(host, options) : undefined;
}
