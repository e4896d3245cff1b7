import type { Write } from '@polar-gosling/ports/store';
import { aRunner, createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { listRunners, type RunnerFilter } from './list-runners.ts';

let plane: ControlPlane;
const admin = { tokenId: 'a', name: 'admin', role: 'admin' } as const;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/one').set(2, 'group/two').set(3, 'group/three');
  await install(plane, nestOf({ aa: { project: 1 }, bb: { project: 2 }, cc: { project: 3 } }));
});

async function add(egg: string, count: number, set: object = {}): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const { version: _version, updated_at: _at, ...row } = aRunner({ egg_name: egg, created_at: 1, ...set });
    const id = plane.deps.ids.next();
    const { state } = row;
    const unit: Write[] = [{ kind: 'put', table: 'runners', row: { ...row, id }, when: { kind: 'absent' } }];
    const key = { table: 'egg_members', partition: egg, sort: `runner#${id}` } as const;
    if (state !== 'terminated') unit.push({ kind: 'update', key, set: { state }, when: { kind: 'any' } });
    await plane.deps.store.commit(unit, direct);
  }
}

const page = (filter: RunnerFilter) => listRunners(plane.deps, { caller: admin, filter }, direct);

/** Every page, as its Eggs. */
async function walk(filter: RunnerFilter): Promise<string[][]> {
  const pages: string[][] = [];
  const seen = new Set<string>();
  for (let cursor: string | undefined, turn = 0; turn < 100; turn++) {
    const { items, cursor: next } = await page({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(items.map(({ row }) => row.egg_name));
    for (const { row } of items) seen.add(row.id);
    cursor = next;
    if (cursor === undefined) break;
  }
  expect(seen.size).toBe(pages.flat().length);
  return pages;
}

describe('listRunners', () => {
  it('walks Egg after Egg, each runner once, and ends without an empty page', async () => {
    await add('aa', 3);
    await add('cc', 3);

    expect(await walk({ limit: 2 })).toEqual([
      ['aa', 'aa'],
      ['aa', 'cc'],
      ['cc', 'cc'],
    ]);
    expect(await walk({ limit: 6 })).toHaveLength(1);
    expect(await walk({ limit: 2, egg: 'cc' })).toEqual([['cc', 'cc'], ['cc']]);
  });

  it('finds what a filter asks for behind any number of others, and more than 1,000 of them', async () => {
    await add('aa', 1, { pool: 'nadir' });
    await add('aa', 1_050, { pool: 'apex' });
    await add('aa', 30, { state: 'terminated' });

    expect((await page({ limit: 5, pool: 'nadir' })).items).toHaveLength(1);
    expect((await walk({ limit: 500 })).map((some) => some.length)).toEqual([500, 500, 51]);
    expect((await walk({ limit: 20, state: 'terminated' })).flat()).toHaveLength(30);
  });

  it('is newest first within an Egg, also across pages, while others come and go', async () => {
    await add('aa', 4);
    const first = await page({ limit: 2 });
    await add('aa', 1);
    const second = await page({ limit: 2, cursor: first.cursor ?? '' });

    const ids = [...first.items, ...second.items].map(({ row }) => row.id);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(second.cursor).toBeUndefined();
  });

  it('refuses a cursor that is none of its own', async () => {
    await add('aa', 1);

    await expect(page({ limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'STORE_BAD_CURSOR' });
  });
});
