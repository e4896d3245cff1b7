import { aRunner } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { alignRows } from './align.ts';
import { outcomeChanges } from './outcome-changes.ts';
import { chooseWork, lookOver } from './shard-work.ts';

const now = 10_000_000;
const long = 11 * 60_000;

const requested = (id: string) =>
  aRunner({ id, address: id, state: 'requested', made: false, state_since: now });
const provisioning = (id: string) => aRunner({ ...requested(id), state: 'provisioning' });
const terminating = (id: string, forMs = 0) =>
  aRunner({ id, address: id, state: 'terminating', state_since: now - forMs });
const idle = (id: string) => aRunner({ id, address: id });

function ids(rows: readonly { id: string }[] = []): string[] {
  return rows.map(({ id }) => id);
}

/** Its create was begun, and no state tells whether its machine exists. */
const doubtful = (id: string) => aRunner({ ...terminating(id), metadata: { doubtful_since: now } });
const stray = (runnerId: string) => ({ runnerId, egg: 'app', state: 'running' }) as const;

describe('chooseWork with machines that no state knows', () => {
  it('tells the state of them, after what is to be made and before what is to be removed', () => {
    const strays = { found: [stray('a')], awaited: new Set<string>() };
    const rows = [doubtful('a'), terminating('b'), idle('c')];

    const work = chooseWork(rows, now, { strays });
    expect([work?.kind, ids(work?.targets), ids(work?.wanted)]).toEqual(['adopt', ['a'], ['b', 'c', 'a']]);
    const launch = chooseWork([...rows, requested('d')], now, { strays });
    expect([launch?.kind, ids(launch?.wanted)]).toEqual(['create', ['b', 'c', 'd']]);
  });

  it('tells the state of a container first, as nothing else of its name can be made', () => {
    const ofInvocation = { cloud_provider: 'yandex', type: 'serverless' } as const;
    const invocations = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
      aRunner({ ...doubtful(id), ...ofInvocation }),
    );
    const strays = { found: [stray('a')], awaited: new Set<string>() };
    const adopted = invocations.map((row) => aRunner({ ...row, metadata: { tainted: true } }));

    expect(chooseWork([...invocations, requested('g')], now, { strays })?.kind).toBe('adopt');
    expect(chooseWork([...invocations, requested('g')], now, { strays, mayRemove: false })?.kind).toBe(
      'create',
    );
    const work = chooseWork([...adopted, requested('g')], now);
    expect([work?.kind, work?.targets.length, work?.wanted]).toEqual(['remove', 6, []]);
  });

  it('waits for one that may still appear, and goes on with the others', () => {
    const strays = { found: [], awaited: new Set(['a']) };

    expect(chooseWork([doubtful('a')], now, { strays })).toBeUndefined();
    expect(ids(chooseWork([doubtful('a'), terminating('b')], now, { strays })?.targets)).toEqual(['b']);
    expect(chooseWork([doubtful('a')], now)).toMatchObject({ kind: 'remove', wanted: [] });
  });
});

describe('chooseWork', () => {
  it('has nothing to do where all runners live', () => {
    expect(chooseWork([idle('a')], now)).toBeUndefined();
    expect(chooseWork([aRunner({ state: 'failed', made: false })], now)).toBeUndefined();
  });

  it('creates before it removes, and keeps what is to go in the bundle', () => {
    const work = chooseWork([idle('a'), terminating('b'), requested('c')], now);

    expect(work?.kind).toBe('create');
    expect(ids(work?.targets)).toEqual(['c']);
    expect(ids(work?.wanted)).toEqual(['a', 'b', 'c']);
  });

  it('begins further on after each removal that failed, so that all of a shard have their turn', () => {
    const rows = [...'abcdefgh'].map((id, index) => terminating(id, 100 - index));
    const turn = (failures: number, of = rows) => ids(chooseWork(of, now, { failures })?.targets).join('');

    expect([0, 1, 2].map((failures) => turn(failures))).toEqual(['abcde', 'fghab', 'cdefg']);
    expect(turn(3, rows.slice(0, 4))).toBe('abcd');
  });

  it('removes the oldest first, a few at a time', () => {
    const rows = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => terminating(id, index));
    const work = chooseWork([...rows, idle('g')], now);

    expect(ids(work?.targets)).toEqual(['f', 'e', 'd', 'c', 'b']);
    expect(ids(work?.wanted)).toEqual(['a', 'g']);
  });

  it('lets a removal pass that has waited for ten minutes', () => {
    expect(chooseWork([terminating('a', long), requested('b')], now)).toMatchObject({ kind: 'remove' });
  });

  it('creates while removals that failed back off, and nothing where something was made by half', () => {
    const tainted = aRunner({ ...terminating('c'), metadata: { tainted: true } });
    const waiting = { mayRemove: false };

    expect(chooseWork([terminating('a', long), requested('b')], now, waiting)).toMatchObject({
      kind: 'create',
    });
    expect(chooseWork([terminating('a', long)], now, waiting)).toBeUndefined();
    expect(
      chooseWork([doubtful('a')], now, { ...waiting, strays: { found: [stray('a')], awaited: new Set() } }),
    ).toBeUndefined();
    expect(chooseWork([tainted, requested('b')], now, waiting)).toBeUndefined();
    expect(lookOver([aRunner({ ...tainted, cloud_provider: 'aws' })])).toBeUndefined();
  });

  it('settles first what an interrupted apply may have made, however long a removal waits', () => {
    const work = chooseWork([terminating('a', long), provisioning('b')], now);

    expect(work?.kind).toBe('create');
    expect(ids(work?.wanted)).toEqual(['a', 'b']);
  });

  it('removes first what was made by half, and nothing else with it', () => {
    const tainted = aRunner({ ...terminating('b'), metadata: { tainted: true } });
    const work = chooseWork([idle('a'), tainted, terminating('c'), requested('d'), provisioning('e')], now);

    expect(work?.kind).toBe('remove');
    expect(ids(work?.targets)).toEqual(['b']);
    expect(ids(work?.wanted)).toEqual(['a', 'c', 'e']);
  });
});

describe('chooseWork while agents are at work', () => {
  it('removes nobody who may still have a job', () => {
    const rows = [terminating('a'), terminating('b')];

    expect(ids(chooseWork(rows, now, { atWork: new Set(['a']) })?.targets)).toEqual(['b']);
    expect(chooseWork(rows, now, { atWork: new Set(['a', 'b']) })).toBeUndefined();
    const tainted = aRunner({ ...terminating('a'), metadata: { tainted: true } });
    expect(chooseWork([tainted, requested('c')], now, { atWork: new Set(['a']) })).toBeUndefined();
  });
});

describe('alignRows', () => {
  const align = (row: ReturnType<typeof aRunner>, actions: readonly string[] | undefined) => {
    const changes = actions === undefined ? [] : [{ address: row.address, actions }];
    return alignRows([row], { changes }).map(({ to, made }) => `${to} ${made}`);
  };

  it('finds what an interrupted create made', () => {
    expect(align(provisioning('a'), ['no-op'])).toEqual(['booting true']);
    expect(align(provisioning('a'), ['delete', 'create'])).toEqual(['failed true']);
    expect(align(provisioning('a'), ['create'])).toEqual([]);
  });

  it('never makes again in a cloud what an interrupted create may have made', () => {
    const changes = [{ address: 'a', actions: ['create'] }];
    const begun = { ...provisioning('a'), cloud_provider: 'aws' };

    const agents = (hasLoggedIn: boolean) => new Map([['a', { version: 7, hasLoggedIn }]]);
    expect(alignRows([begun], { changes }, agents(false))).toMatchObject([
      { to: 'failed', made: true, isDoubtful: true, agentVersion: 7 },
    ]);
    expect(alignRows([begun], { changes }, agents(true))).toMatchObject([
      { to: 'booting', made: true, isVanished: true },
    ]);
    expect(alignRows([{ ...requested('a'), cloud_provider: 'aws' }], { changes })).toEqual([]);
    expect(alignRows([provisioning('a')], { changes })).toEqual([]);
  });

  it('finds what a removal took away', () => {
    expect(align(terminating('a'), undefined)).toEqual(['terminated true']);
    expect(align(terminating('a'), ['create'])).toEqual(['terminated true']);
    expect(align(terminating('a'), ['delete'])).toEqual([]);
    expect(align(terminating('a'), ['delete', 'create'])).toEqual(['terminating true']);
  });

  it('looks at every resource of a runner', () => {
    const row = aRunner({ ...provisioning('module.a'), address: 'module.a' });
    const change = (address: string, action: string) => ({ address, actions: [action] });
    const disk = change('module.a.disk', 'no-op');

    expect(alignRows([row], { changes: [disk, change('module.a.vm["x"]', 'create')] })).toEqual([]);
    expect(alignRows([row], { changes: [disk, change('module.ab', 'create')] })).toMatchObject([
      { to: 'booting' },
    ]);
  });

  it('says nothing of runners that live, but that the state has lost them', () => {
    expect(align(idle('a'), ['create'])).toEqual(['idle true']);
    expect(align(aRunner({ ...idle('a'), metadata: { vanished: true } }), undefined)).toEqual([]);
    expect(align(idle('a'), undefined)).toEqual([]);
    expect(align(idle('a'), ['no-op'])).toEqual([]);
  });
});

describe('a runner of whose machine a part is left', () => {
  const at = (row: ReturnType<typeof aRunner>) => ({ ...row, cloud_provider: 'aws' });
  const parts = (row: ReturnType<typeof aRunner>, gone: readonly string[] = []) => {
    const changes = [{ address: row.address, actions: ['no-op', 'create'] }];
    return alignRows([row], { changes, gone }).map(({ row: _row, why: _why, ...found }) => found);
  };

  it('drains while it lives, and is never held to be gone', () => {
    const leaves = [{ to: 'draining', made: true, isTainted: true }];
    for (const state of ['booting', 'idle', 'active', 'draining'] as const) {
      expect(parts(at({ ...idle('a'), state }))).toEqual(leaves);
    }
    expect(parts(at(idle('a')), ['a'])).toEqual(leaves);
    expect(parts(at({ ...idle('a'), metadata: { tainted: true } }))).toEqual([]);
  });

  it('is removed before all others when it is to go', () => {
    expect(parts(at(terminating('a')))).toEqual([{ to: 'terminating', made: true, isTainted: true }]);
  });

  it('may be whole when its create was interrupted', () => {
    expect(parts(at(provisioning('a')))).toMatchObject([{ to: 'failed', made: true, isDoubtful: true }]);
  });
});

describe('outcomeChanges', () => {
  const failed = {
    kind: 'failed',
    class: 'quota',
    summary: 'no',
    detail: '',
    applied: ['b'],
    removed: ['b'],
  } as const;
  const change = (kind: 'create' | 'remove', outcome: Parameters<typeof outcomeChanges>[0]['outcome']) => {
    const state = kind === 'create' ? provisioning : terminating;
    const rows = [state('a'), state('b'), state('c')];
    const work = { kind, targets: rows, wanted: rows };
    const inState = outcome.kind === 'ok' ? undefined : new Set(['a']);
    return outcomeChanges({ work, rows, outcome, inState }).map(({ row, to }) => `${row.id} ${to}`);
  };

  it('takes a whole apply for what it was to do', () => {
    const ok = { kind: 'ok', applied: [], removed: [] } as const;
    expect(change('create', ok)).toEqual(['a booting', 'b booting', 'c booting']);
    expect(change('remove', ok)).toEqual(['a terminated', 'b terminated', 'c terminated']);
  });

  it('tells half-made, made and never made runners of a failed apply apart', () => {
    expect(change('create', failed)).toEqual(['a failed', 'b booting', 'c terminated']);
    expect(change('remove', failed)).toEqual(['b terminated', 'c terminated']);
  });
});
