import type { ReadOnly } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createControlPlane } from '../testing/control-plane.ts';

const options = { signal: new AbortController().signal };

async function aPlane() {
  const clock = createFakeClock();
  const closed: { now: ReadOnly | undefined } = { now: undefined };
  const plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    wrapStore: (store) => ({ ...store, readOnly: () => closed.now }),
  });
  return { queries: plane.engine().queries, closed };
}

describe('the health of an installation', () => {
  it('names a store that takes no writes, why and since when, until it takes them again', async () => {
    const { queries, closed } = await aPlane();
    closed.now = { reason: 'disk is full', since: 5 };

    const view = await queries.health(options);

    expect(view.dependencies[0]).toEqual({
      name: 'store',
      ok: false,
      detail: expect.stringContaining('takes no writes (disk is full)'),
    });
    expect(view.problems).toEqual([
      { code: 'STORE_READ_ONLY', detail: expect.stringContaining('(disk is full)'), since: 5 },
    ]);
    expect(queries.isReadOnly()).toBe(true);

    closed.now = undefined;
    expect(await queries.health(options)).toMatchObject({
      dependencies: [{ name: 'store', ok: true }, {}, {}],
      problems: [],
    });
    expect(queries.isReadOnly()).toBe(false);
  });

  it('writes nothing to find out', async () => {
    const clock = createFakeClock();
    const plane = await createControlPlane({
      clock,
      ids: createSeededIds(1, clock),
      wrapStore: (store) => ({ ...store, commit: () => expect.unreachable('a write') }),
    });

    const { dependencies } = await plane.engine().queries.health(options);

    expect(dependencies).toMatchObject([{ name: 'store', ok: true }, {}, {}]);
  });
});
