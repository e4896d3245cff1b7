import { describe, expect, it } from 'vitest';
import {
  deadlineOf,
  deploymentStates,
  isLive,
  mayMove,
  planStates,
  runnerStates,
  runStates,
  type StateTable,
} from './states.ts';

const tables: [string, StateTable<string>][] = [
  ['runner', runnerStates],
  ['run', runStates],
  ['deployment', deploymentStates],
  ['plan', planStates],
];

describe('state tables', () => {
  it.each(tables)(
    '%s: every move leads to a state of the table, and staying is always allowed',
    (_, table) => {
      for (const [state, { to }] of Object.entries(table)) {
        expect(Object.keys(table)).toEqual(expect.arrayContaining([...to]));
        expect(mayMove(table, state, state)).toBe(true);
      }
    },
  );

  it.each(tables)('%s: what has a deadline has a way out', (_, table) => {
    const stuck = Object.values(table).filter(
      ({ to, deadlineMs }) => deadlineMs !== undefined && to.length === 0,
    );

    expect(stuck).toEqual([]);
  });

  it('lets an active runner go only by draining, or when it failed', () => {
    expect(mayMove(runnerStates, 'active', 'terminating')).toBe(false);
    expect(mayMove(runnerStates, 'active', 'terminated')).toBe(false);
    expect(mayMove(runnerStates, 'active', 'draining')).toBe(true);
    expect(mayMove(runnerStates, 'terminated', 'idle')).toBe(false);
  });

  it('reckons the deadline from when the state was entered', () => {
    expect(deadlineOf(runnerStates, 'booting', 1_000)).toBe(601_000);
    expect(deadlineOf(runnerStates, 'active', 1_000)).toBeUndefined();
  });

  it('takes every state but the last for live', () => {
    expect(isLive('terminating')).toBe(true);
    expect(isLive('terminated')).toBe(false);
  });
});
