import fc from 'fast-check';
import { expect } from 'vitest';
import { createMemoryStore } from '../../memory.ts';
import type { Row, Store, StoreQuery, Unit, Write } from '../../store.ts';
import {
  absent,
  any,
  atVersion,
  type Check,
  jobKey,
  options,
  pagesOf,
  present,
  putRunner,
  putSwitch,
  runnerKey,
  switchKey,
} from '../words/contract.ts';

const projects = ['p', 'q'] as const;
const conditions = fc.oneof(
  fc.constantFrom(any, absent, present),
  fc.nat({ max: 4 }).map((version) => atVersion(version)),
);

/** Writes on eight rows of one namespace, so that they meet often. */
function writesIn(space: string): fc.Arbitrary<Write> {
  const key = fc
    .tuple(fc.constantFrom(...projects), fc.nat({ max: 3 }))
    .map(([project, id]) => jobKey(`${space}${project}`, id));
  const columns = fc.record(
    {
      open: fc.constantFrom(`${space}egg-a`, `${space}egg-b`),
      queued_at: fc.nat({ max: 3 }),
      note: fc.string({ unit: 'grapheme' }),
      extra: fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null),
    },
    { requiredKeys: [] },
  );
  const put = fc.record({ key, row: columns, when: conditions }).map(
    (write): Write => ({
      kind: 'put',
      table: 'ci_jobs',
      row: { ...write.row, server_project: write.key.partition, job_id: Number(write.key.sort) } as Row,
      when: write.when,
    }),
  );
  const update = fc.record({ key, set: columns, amount: fc.integer(), when: conditions }).map(
    ({ amount, ...rest }): Write => ({
      kind: 'update',
      ...rest,
      set: rest.set as Row,
      add: { rank: amount },
    }),
  );
  const other = fc.record({ kind: fc.constantFrom('delete', 'check'), key, when: conditions });
  return fc.oneof(put, update, other);
}

export function describeProperties(check: Check): void {
  check('behaves as the reference does, whatever is written', async ({ clock, store }) => {
    let run = 0;
    const units = fc.array(fc.array(writesIn('~'), { minLength: 1, maxLength: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(units, async (script) => {
        const space = `run${run++}~`;
        const model = createMemoryStore({ clock });
        for (const unit of script) {
          const named = inSpace(unit, space);
          expect(await outcome(store, named)).toEqual(await outcome(model, named));
          await clock.advance(1);
        }
        const queries = projects.flatMap((project): StoreQuery[] => [
          { table: 'ci_jobs', partition: `${space}${project}` },
          {
            table: 'ci_jobs',
            index: 'open',
            partition: `${space}egg-${project === 'p' ? 'a' : 'b'}`,
            limit: 2,
          },
        ]);
        for (const query of queries) {
          const [rows, expected] = [await pagesOf(store, query), await pagesOf(model, query)];
          expect(rows.flatMap(({ items }) => items)).toEqual(expected.flatMap(({ items }) => items));
        }
      }),
    );
  });
  check(
    'Feature: gitops-runner-orchestration, Property 11: Runner State Persistence',
    async ({ commit, get }) => {
      const states = fc.constantFrom(
        'requested',
        'booting',
        'idle',
        'active',
        'draining',
        'terminated',
        'failed',
      );
      await fc.assert(
        fc.asyncProperty(fc.stringMatching(/^[a-z0-9]{1,26}$/), fc.array(states), async (id, script) => {
          await commit(putRunner(id, { state: 'requested' }));
          for (const state of script) {
            await commit({ kind: 'update', key: runnerKey(id), set: { state }, when: present });
            expect(await get(runnerKey(id))).toMatchObject({ id, state, egg_name: 'my-egg' });
          }
        }),
      );
    },
  );
  check(
    'Feature: gitops-runner-orchestration, Property 32: Database Transaction Atomicity',
    async ({ store, clock }) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(conditions, { minLength: 1, maxLength: 25 }), async (whens) => {
          const prefix = `atom${run++}-`;
          await store.commit([putSwitch(`${prefix}1`, any), putSwitch(`${prefix}3`, any)], options);
          const keys = whens.map((_, place) => switchKey(`${prefix}${place}`));
          const before = await store.get(keys, options);
          await clock.advance(1);
          const unit = whens.map((when, place) => putSwitch(`${prefix}${place}`, when, { by: 'unit' }));
          const result = await store.commit(unit, options);
          const after = await store.get(keys, options);
          const written = after.map((row) => row?.['by'] === 'unit');
          expect(written.every((isWritten) => isWritten === (result.kind === 'ok'))).toBe(true);
          expect(result.kind === 'ok' || JSON.stringify(after) === JSON.stringify(before)).toBe(true);
        }),
      );
    },
  );
}

async function outcome(store: Store, unit: Unit): Promise<unknown> {
  try {
    return await store.commit(unit, options);
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

function inSpace(unit: Unit, space: string): Unit {
  return JSON.parse(JSON.stringify(unit).replaceAll('"~', `"${space}`));
}
