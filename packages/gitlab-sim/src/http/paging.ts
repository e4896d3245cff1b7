import { type Fields, integer, oneOf, text } from './fields.ts';
import type { Call } from './route.ts';

export const pageFields: Fields = { page: integer, per_page: integer };

/** Keyset paging as GitLab offers it for jobs: by id, newest first. */
export const keysetFields: Fields = {
  pagination: oneOf(['keyset', 'offset', 'legacy']),
  order_by: oneOf(['id']),
  sort: oneOf(['asc', 'desc']),
  cursor: text,
};

const defaultSize = 20;
const maxSize = 100;

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Cuts one page by number, with `Link` and `X-*` headers. */
export function pageOf<Item>(
  call: Call,
  all: readonly Item[],
  options: { maxPerPage?: number } = {},
): PageOf<Item> {
  const size = clamp(call.query.integer('per_page') ?? defaultSize, options.maxPerPage ?? maxSize);
  const page = Math.max(1, call.query.integer('page') ?? 1);
  const pages = Math.max(1, Math.ceil(all.length / size));
  const links = [
    page < pages ? link(call.url, { page: String(page + 1) }, 'next') : '',
    page > 1 ? link(call.url, { page: String(page - 1) }, 'prev') : '',
    link(call.url, { page: '1' }, 'first'),
    link(call.url, { page: String(pages) }, 'last'),
  ].filter((one) => one !== '');
  return {
    items: all.slice((page - 1) * size, page * size),
    headers: {
      Link: links.join(', '),
      'X-Page': String(page),
      'X-Per-Page': String(size),
      'X-Next-Page': page < pages ? String(page + 1) : '',
      'X-Prev-Page': page > 1 ? String(page - 1) : '',
      'X-Total': String(all.length),
      'X-Total-Pages': String(pages),
    },
  };
}

/** Cuts one page after the cursor; the last page has no `Link`. */
export function keysetPageOf<Item extends { readonly id: number }>(
  call: Call,
  all: readonly Item[],
): PageOf<Item> {
  const size = clamp(call.query.integer('per_page') ?? defaultSize, maxSize);
  const isAscending = call.query.text('sort') === 'asc';
  const sorted = all.toSorted((a, b) => (isAscending ? a.id - b.id : b.id - a.id));
  const after = readCursor(call.query.text('cursor'));
  const rest = sorted.filter(({ id }) => after === undefined || (isAscending ? id > after : id < after));
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const hasMore = last !== undefined && rest.length > items.length;
  return {
    items,
    headers: hasMore ? { Link: link(call.url, { cursor: writeCursor(last.id) }, 'next') } : {},
  };
}

function clamp(size: number, max: number): number {
  return Math.min(max, Math.max(1, size));
}

function link(url: URL, change: Readonly<Record<string, string>>, rel: string): string {
  const next = new URL(url);
  for (const [key, value] of Object.entries(change)) next.searchParams.set(key, value);
  return `<${next.href}>; rel="${rel}"`;
}

function writeCursor(id: number): string {
  return Buffer.from(JSON.stringify({ id: String(id), _kd: 'n' })).toString('base64url');
}

function readCursor(cursor: string | undefined): number | undefined {
  const digits = /"id":"(\d+)"/.exec(Buffer.from(cursor ?? '', 'base64url').toString())?.[1];
  return digits === undefined ? undefined : Number(digits);
}
