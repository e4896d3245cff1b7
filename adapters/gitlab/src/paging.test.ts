import { Secret } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Answer } from './answer.ts';
import type { ApiRequest, GitlabHttp } from './http.ts';
import { listAll, nextPage } from './paging.ts';

const { signal } = new AbortController();
const target = { url: 'https://gitlab.test', token: new Secret('x') };
const request: ApiRequest = {
  method: 'GET',
  route: '/things',
  query: { sort: 'asc' },
  what: 'list the things',
  urgency: 'sweep',
};

function pagesOf(...pages: Answer[]) {
  const queries: unknown[] = [];
  const http: GitlabHttp = {
    async call(_target, { query }) {
      queries.push(query);
      return pages[queries.length - 1] ?? pages.at(-1) ?? { kind: 'missing' };
    },
  };
  return { queries, list: () => listAll(http, target, { request, row: z.number(), signal }) };
}

const page = (rows: number[], link?: string): Answer => ({ kind: 'ok', body: rows, link });
const next = (query: string, at = 'https://gitlab.test') => `<${at}/api/v4/things?${query}>; rel="next"`;

describe('nextPage', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['<https://a/b?page=2>; rel="prev"', undefined],
    ['<https://a/b?page=1>; rel="first", <https://a/b?page=9>; rel="last"', undefined],
    ['<https://a/b?page=2&per_page=5>; rel="next"', { page: '2' }],
    ['<https://a/b?page=1>; rel="prev", <https://a/b?page=3>; rel="next"', { page: '3' }],
    ['<https://a/b?cursor=eyJ%3D&pagination=keyset>; rel="next"', { cursor: 'eyJ=' }],
    ['<https://a/b?id_after=7>; rel=next', { id_after: '7' }],
    ['<https://a/b?per_page=5>; rel="next"', undefined],
    ['<::::>; rel="next"', undefined],
  ])('reads %j as %j', (link, expected) => {
    expect(nextPage(link)).toEqual(expected);
  });
});

describe('listAll', () => {
  it('reads page after page until there is no next one', async () => {
    const { list, queries } = pagesOf(page([1, 2], next('page=2')), page([3], next('page=3')), page([4]));

    await expect(list()).resolves.toEqual([1, 2, 3, 4]);
    expect(queries).toEqual([
      { sort: 'asc', per_page: 100 },
      { sort: 'asc', per_page: 100, page: '2' },
      { sort: 'asc', per_page: 100, page: '3' },
    ]);
  });

  it('takes nothing but the page from a link to another server', async () => {
    const { list, queries } = pagesOf(
      page([1], next('page=2&private_token=x&sort=desc', 'https://evil.test')),
      page([2]),
    );

    await expect(list()).resolves.toEqual([1, 2]);
    expect(queries[1]).toEqual({ sort: 'asc', per_page: 100, page: '2' });
  });

  it('says that a list is missing, also when it goes away between two pages', async () => {
    await expect(pagesOf({ kind: 'missing' }).list()).resolves.toBeUndefined();
    await expect(pagesOf(page([1], next('page=2')), { kind: 'missing' }).list()).resolves.toBeUndefined();
  });

  it('ends when the pages go round in a circle', async () => {
    const circle = pagesOf(page([1], next('page=2')), page([2], next('page=2')));

    await expect(circle.list()).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
    expect(circle.queries).toHaveLength(2);
  });

  it('refuses a page that is no list', async () => {
    const { list } = pagesOf({ kind: 'ok', body: { message: 'hm' }, link: undefined });

    await expect(list()).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
  });
});
