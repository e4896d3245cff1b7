import { type CallOptions, type GitlabTarget, gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { z } from 'zod';
import { checkBody } from './check-body.ts';
import type { ApiRequest, GitlabHttp } from './http.ts';

const perPage = 100;
const maxPages = 1_000;
/** Keys by which GitLab names a page; nothing else of the link is used. */
const pageKeys = ['page', 'cursor', 'id_after', 'page_token'] as const;

/**
 * Every row of a list, by the `Link` header alone (counts are absent on long lists). Of the link only the page is
 * taken and put on our own URL, so no answer can lead us to another server. `undefined`: the list is missing.
 */
export async function listAll<Row>(
  http: GitlabHttp,
  target: GitlabTarget,
  list: { request: ApiRequest; row: z.ZodType<Row> } & CallOptions,
): Promise<readonly Row[] | undefined> {
  const rows: Row[] = [];
  const seen = new Set<string>();
  let page: Record<string, string> | undefined = {};
  while (page !== undefined) {
    const query = { ...list.request.query, per_page: perPage, ...page };
    const answer = await http.call(target, { ...list.request, query }, { signal: list.signal });
    if (answer.kind === 'missing') return undefined;
    rows.push(...checkBody(target, { what: list.request.what, schema: list.row.array() }, answer.body));
    page = nextPage(answer.link);
    checkProgress(target, { what: list.request.what, page, seen });
  }
  return rows;
}

/** The page the `rel="next"` link names. */
export function nextPage(link: string | undefined): Record<string, string> | undefined {
  const next = /<([^>]*)>\s*;[^,<]*\brel="?next"?/.exec(link ?? '')?.[1];
  const url = next === undefined ? null : URL.parse(next, 'http://gitlab.invalid');
  if (!url) return undefined;
  const found = pageKeys.flatMap((key) => {
    const value = url.searchParams.get(key);
    return value === null ? [] : [[key, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** A server that names a page twice, or names pages without end, would keep us for ever. */
function checkProgress(
  target: GitlabTarget,
  at: { what: string; page: Record<string, string> | undefined; seen: Set<string> },
): void {
  if (at.page === undefined) return;
  const key = JSON.stringify(at.page);
  const problem = at.seen.has(key) ? 'its pages go round in a circle' : 'it has too many pages';
  if (at.seen.has(key) || at.seen.size >= maxPages) {
    throw gitlabErrors.badAnswer({ server: new URL(target.url).host, what: at.what, problem });
  }
  at.seen.add(key);
}
