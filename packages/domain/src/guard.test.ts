import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTofuPlan, type TofuRow } from './guard.ts';
import { type RunnerState, runnerStates } from './states.ts';

const address = 'module.runner["r1"]';
const machine = `${address}.aws_instance.runner[0]`;

function aRow(over: Partial<TofuRow> = {}): TofuRow {
  return { address, state: 'provisioning', made: false, ...over };
}

function offencesOf(actions: string[], rows: TofuRow[], at = machine): string[] {
  const verdict = checkTofuPlan({ changes: [{ address: at, actions }], rows, helpers: ['random_id.bundle'] });
  return verdict.kind === 'ok' ? [] : verdict.offending.map(({ why }) => why);
}

const states = Object.keys(runnerStates).filter((state): state is RunnerState => state in runnerStates);

describe('checkTofuPlan', () => {
  it('allows new machines of requested runners and the end of terminating ones', () => {
    const rows = [
      aRow(),
      aRow({ address: 'module.runner["r2"]', state: 'requested' }),
      aRow({ address: 'local_file.r3', state: 'terminating', made: true }),
    ];
    const changes = [
      { address: machine, actions: ['create'] },
      { address: 'module.runner["r2"]', actions: ['create'] },
      { address: 'local_file.r3', actions: ['delete'] },
      { address: 'module.runner["r9"].aws_instance.runner', actions: ['no-op'] },
      { address: 'data.aws_ami.base', actions: ['read'] },
      { address: 'random_id.bundle', actions: ['create'] },
    ];

    expect(checkTofuPlan({ changes, rows, helpers: ['random_id.bundle'] })).toEqual({
      kind: 'ok',
      creates: [machine, 'module.runner["r2"]', 'random_id.bundle'],
      deletes: ['local_file.r3'],
    });
  });

  it.each([
    ['update', ['update'], 'update is never allowed'],
    ['replace', ['delete', 'create'], 'replace (delete, create) is never allowed'],
    ['a replace that creates first', ['create', 'delete'], 'replace (create, delete) is never allowed'],
    ['some parts made again', ['no-op', 'create'], 'change of some parts (no-op, create) is never allowed'],
    ['forget', ['forget'], 'forget is never allowed'],
    ['nothing at all', [], 'replace () is never allowed'],
  ])('stops at %s', (_, actions, why) => {
    expect(offencesOf(actions, [aRow({ state: 'terminating', made: true })])).toEqual([why]);
    expect(offencesOf(actions, [], 'random_id.bundle')).toEqual([why]);
  });

  it('stops at a machine that has lived already, and at one of another shard', () => {
    expect(offencesOf(['create'], [aRow({ made: true })])).toEqual([
      'create of a runner whose machine has existed',
    ]);
    expect(offencesOf(['delete'], [])).toEqual(['delete of something that is no runner of this shard']);
    expect(offencesOf(['create'], [aRow({ address: 'module.runner' })], 'module.runner_x')).toHaveLength(1);
  });

  it('never lets a plan make or remove a runner whose state does not ask for it', () => {
    const row = fc.record({ state: fc.constantFrom(...states), made: fc.boolean() });
    fc.assert(
      fc.property(row, fc.constantFrom('create', 'delete'), (over, action) => {
        const mayCreate = !over.made && (over.state === 'requested' || over.state === 'provisioning');
        const isAllowed = action === 'create' ? mayCreate : over.state === 'terminating';

        expect(offencesOf([action], [aRow(over)]).length === 0).toBe(isAllowed);
      }),
    );
  });

  it('keeps what a living runner shares with its like, and lets go what none of them uses', () => {
    const shared = 'module.container["h1"].yandex_serverless_container.runner';
    const verdictOf = (over: Partial<TofuRow>) =>
      checkTofuPlan({
        changes: [{ address: shared, actions: ['delete'] }],
        rows: [aRow({ made: true, sharedKey: 'h1', ...over })],
        helpers: ['module.container'],
      });

    for (const state of ['provisioning', 'booting', 'idle', 'active', 'draining'] as const) {
      const why = `delete of what a runner that is ${state} uses`;
      expect(verdictOf({ state })).toMatchObject({ kind: 'unexpected', offending: [{ why }] });
    }
    expect(verdictOf({ state: 'provisioning', made: false })).toMatchObject({ kind: 'unexpected' });
    expect(verdictOf({ state: 'terminating' })).toMatchObject({ kind: 'ok', deletes: [shared] });
    expect(verdictOf({ state: 'requested', made: false })).toMatchObject({ kind: 'ok' });
    expect(verdictOf({ state: 'active', sharedKey: 'h10' })).toMatchObject({ kind: 'ok' });
    expect(verdictOf({ state: 'active', sharedKey: 'h' })).toMatchObject({ kind: 'ok' });
  });

  it('makes anew what was made by half, and only while it serves nobody', () => {
    const shared = 'module.container["h1"].yandex_serverless_container.runner';
    const verdictOf = (over: Partial<TofuRow>, more: { actions?: string[]; runner?: string } = {}) =>
      checkTofuPlan({
        changes: [
          { address: shared, actions: more.actions ?? ['delete', 'create'] },
          { address: machine, actions: [more.runner ?? 'delete'] },
        ],
        rows: [aRow({ made: true, sharedKey: 'h1', state: 'terminating', ...over })],
        helpers: ['module.container'],
      });
    const made = { kind: 'ok', deletes: expect.arrayContaining([shared]) };

    expect(verdictOf({})).toMatchObject({ ...made, creates: [shared] });
    expect(verdictOf({ state: 'requested', made: false }, { runner: 'create' })).toMatchObject(made);
    expect(verdictOf({ state: 'active', sharedKey: 'h2' }, { runner: 'no-op' })).toMatchObject(made);
    for (const state of ['provisioning', 'booting', 'active', 'draining', 'terminating'] as const) {
      const why = `replace (delete, create) of what a runner that is ${state} uses`;
      expect(verdictOf({ state }, { runner: 'no-op' })).toMatchObject({ offending: [{ why }] });
    }
    for (const actions of [['create', 'delete'], ['update'], ['forget']]) {
      expect(verdictOf({}, { actions })).toMatchObject({ kind: 'unexpected' });
    }
  });

  it('names every offender and lets nothing through beside it', () => {
    const changes = [
      { address: machine, actions: ['create'] },
      { address: 'x', actions: ['delete'] },
      { address: 'y', actions: ['update'] },
    ];

    expect(checkTofuPlan({ changes, rows: [aRow()] })).toMatchObject({
      kind: 'unexpected',
      offending: [{ address: 'x' }, { address: 'y' }],
    });
  });
});
