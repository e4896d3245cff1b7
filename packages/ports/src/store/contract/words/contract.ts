import type { FakeClock } from '@polar-gosling/testkit';
import { expect } from 'vitest';
import type { Condition, Page, Row, RowKey, Store, StoreQuery, Write } from '../../store.ts';

export const options = { signal: new AbortController().signal };
export const any: Condition = { kind: 'any' };
export const absent: Condition = { kind: 'absent' };
export const present: Condition = { kind: 'present' };
export const atVersion = (version: number): Condition => ({ kind: 'version', version });

export const switchKey = (name: string): RowKey => ({ table: 'switches', partition: name });
export const putSwitch = (name: string, when: Condition, columns: Row = {}): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, ...columns },
  when,
});
export const jobKey = (project: string, id: number): RowKey => ({
  table: 'ci_jobs',
  partition: project,
  sort: id,
});
export const putJob = (project: string, id: number, columns: Row = {}): Write => ({
  kind: 'put',
  table: 'ci_jobs',
  row: { server_project: project, job_id: id, queued_at: id, ...columns },
  when: any,
});
export const runnerKey = (id: string): RowKey => ({ table: 'runners', partition: id });
export const putRunner = (id: string, columns: Row): Write => ({
  kind: 'put',
  table: 'runners',
  row: { id, egg_name: 'my-egg', created_at: 1, ...columns },
  when: any,
});
export const coded = (code: string) => expect.objectContaining({ code });

export interface Words {
  readonly store: Store;
  commit(...unit: Write[]): ReturnType<Store['commit']>;
  get(key: RowKey): Promise<Row | undefined>;
  list(query: StoreQuery): Promise<readonly Row[]>;
}
export type Check = (title: string, test: (fixture: Words & { clock: FakeClock }) => Promise<void>) => void;

export function wordsFor(store: Store): Words {
  return {
    store,
    commit: (...unit) => store.commit(unit, options),
    get: async (key) => (await store.get([key], options))[0],
    list: async (query) => (await pagesOf(store, query)).flatMap(({ items }) => items),
  };
}

export async function pagesOf(store: Store, query: StoreQuery): Promise<Page<Row>[]> {
  const pages: Page<Row>[] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const page = await store.list({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options);
    pages.push(page);
    cursor = page.cursor;
  }
  return pages;
}
