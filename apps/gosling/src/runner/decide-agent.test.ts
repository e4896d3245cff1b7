import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aimOf, reportedState } from './agent-aim.ts';
import {
  type AgentAction,
  type AgentEvent,
  type AgentLimits,
  type AgentModel,
  newAgent,
} from './agent-model.ts';
import { decideAgent } from './decide-agent.ts';

const minuteMs = 60_000;
const limits: AgentLimits = {
  drainMs: 10 * minuteMs,
  idlePoweroffMs: 60 * minuteMs,
  silentAcceptMs: 15 * minuteMs,
  lifeEndsAt: 24 * 60 * minuteMs,
  maxJobs: undefined,
  abortMs: 20_000,
};

/** Plays events one after another; each `[event, ms passed before it]`. */
function play(steps: readonly (readonly [AgentEvent, number])[], given: AgentLimits = limits) {
  let now = 0;
  let model = newAgent(now);
  const actions: AgentAction[] = [];
  const trail: { before: AgentModel; event: AgentEvent; now: number; actions: readonly AgentAction[] }[] = [];
  for (const [event, passed] of steps) {
    now += passed;
    const decided = decideAgent(model, event, { now, limits: given });
    trail.push({ before: model, event, now, actions: decided.actions });
    model = decided.model;
    actions.push(...decided.actions);
  }
  const state = () => reportedState(model, aimOf(model, now, given));
  return { model, actions, trail, state, now };
}

const tick: AgentEvent = { kind: 'tick' };
const failed: AgentEvent = { kind: 'failed' };
const exited: AgentEvent = { kind: 'child_exited' };
const observed = (jobs: number, more: Partial<AgentEvent & { kind: 'observed' }> = {}): AgentEvent => ({
  kind: 'observed',
  jobs,
  newlyStarted: 0,
  newlyDone: 0,
  newlyBroken: 0,
  ...more,
});
const up = [
  [tick, 0],
  [observed(0), 100],
] as const;
const busy = [...up, [observed(1, { newlyStarted: 1 }), 100]] as const;
const wanted = (desired: 'run' | 'park' | 'drain' | 'stop'): AgentEvent => ({ kind: 'answered', desired });
const hardness = (told: string) => ['nothing', 'quit', 'term', 'kill'].indexOf(told);
const hardnessOf = ({ child }: AgentModel) => hardness(child.kind === 'up' ? child.told : 'nothing');
const signalsIn = (actions: readonly AgentAction[]) =>
  actions.flatMap((action) => (action.kind === 'signal' ? [action.told] : []));

const anEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constantFrom<AgentEvent>(tick, exited, failed, { kind: 'signalled' }, { kind: 'unreachable' }),
  fc.constantFrom<AgentEvent>(wanted('run'), wanted('park'), wanted('drain'), wanted('stop')),
  fc
    .constantFrom(401, 404, 410)
    .map((status): AgentEvent => ({ kind: 'refused', status: status as 401 | 404 | 410 })),
  fc
    .record({ jobs: fc.nat(3), newlyStarted: fc.nat(2), newlyDone: fc.nat(2), newlyBroken: fc.nat(1) })
    .map((counts): AgentEvent => ({ kind: 'observed', ...counts })),
);
const aRun = fc.array(fc.tuple(anEvent, fc.constantFrom(0, 200, 5_000, minuteMs, 20 * minuteMs)), {
  maxLength: 60,
});

describe('decideAgent', () => {
  it('has at most one child, signals only a living one, and each signal is harder than the last', () => {
    fc.assert(
      fc.property(aRun, (steps) => {
        for (const { before, event, actions } of play(steps).trail) {
          const isUp = before.child.kind === 'up' && event.kind !== 'child_exited';
          const told = signalsIn(actions);
          expect(actions.filter(({ kind }) => kind === 'start').length + Number(isUp)).toBeLessThanOrEqual(1);
          expect(told.length).toBeLessThanOrEqual(Number(isUp));
          expect(told.map(hardness)).toEqual(
            told.map((each) => Math.max(hardness(each), hardnessOf(before) + 1)),
          );
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it('exits only without a child, and does nothing afterwards', () => {
    fc.assert(
      fc.property(aRun, (steps) => {
        const { trail, model } = play(steps);
        const last = trail.findIndex(({ actions }) => actions.some(({ kind }) => kind === 'exit'));
        if (last === -1) return;
        expect(model.child.kind).toBe('down');
        expect(trail.slice(last + 1).flatMap(({ actions }) => actions)).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });

  it('never ends a running job but by an order, a second signal, 410, or a deadline that passed', () => {
    const harmless = aRun.map((steps) =>
      steps.filter(([event]) => {
        const isOrder = event.kind === 'answered' && event.desired === 'stop';
        const isGone = event.kind === 'refused' && event.status === 410;
        return !isOrder && !isGone && event.kind !== 'signalled';
      }),
    );
    const longLife = { ...limits, lifeEndsAt: Number.POSITIVE_INFINITY };

    fc.assert(
      fc.property(harmless, (steps) => {
        expect(signalsIn(play(steps, longLife).actions)).not.toContain('term');
      }),
      { numRuns: runs(500) },
    );
  });

  it('always ends after a signal, once its child has ended', () => {
    fc.assert(
      fc.property(aRun, (steps) => {
        const { model } = play([...steps, [{ kind: 'signalled' }, 0], [exited, 0], [tick, 0]]);
        expect(model.isOver).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  it('takes no more jobs once it has failed, and ends when the running ones have', () => {
    const drained = play([...busy, [failed, 0]]);
    const over = play([...busy, [failed, 0], [failed, minuteMs], [exited, minuteMs]]);

    expect(signalsIn(drained.actions)).toEqual(['quit']);
    expect(drained.state()).toBe('draining');
    expect(signalsIn(over.actions)).toEqual(['quit']);
    expect(over.model.isOver).toBe(true);
  });

  it('reports each change of its state or of its jobs at once', () => {
    fc.assert(
      fc.property(aRun, (steps) => {
        for (const { before, event, now, actions } of play(steps).trail) {
          const { model } = decideAgent(before, event, { now, limits });
          if (before.jobs !== model.jobs) expect(actions.at(-1)).toEqual({ kind: 'report' });
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('the states an agent reports', () => {
  it('is booting until gitlab-runner answers, then idle, then active', () => {
    expect(play([[tick, 0]]).state()).toBe('booting');
    expect(play(up).state()).toBe('idle');
    expect(play(busy).state()).toBe('active');
  });

  it('parks only when idle, and stays parked until it is told to run', () => {
    expect(signalsIn(play([...busy, [wanted('park'), 0]]).actions)).toEqual([]);
    const parked = [...up, [wanted('park'), 0], [exited, 100]] as const;

    expect(play(parked).state()).toBe('parked');
    expect(play([...parked, [tick, 60_000]]).actions.filter(({ kind }) => kind === 'start')).toHaveLength(1);
    expect(play([...parked, [wanted('run'), 0]]).state()).toBe('booting');
  });

  it('drains: takes no more jobs, lets the running one end, then says drained and stays', () => {
    const draining = [...busy, [wanted('drain'), 0]] as const;

    expect(play(draining).state()).toBe('draining');
    expect(signalsIn(play([...draining, [tick, 5 * 60 * minuteMs]]).actions)).toEqual(['quit']);
    const { state, model } = play([...draining, [exited, 1_000]]);
    expect(state()).toBe('drained');
    expect(model.isOver).toBe(false);
  });

  it('is finished after the last job it may have', () => {
    const one = { ...limits, maxJobs: 1 };

    expect(play(busy, one).state()).toBe('draining');
    expect(play([...busy, [exited, 1_000]], one).state()).toBe('finished');
  });

  it('aborts its jobs on stop, and kills what does not end', () => {
    const { actions, state } = play([...busy, [wanted('stop'), 0], [tick, 20_000]]);

    expect(signalsIn(actions)).toEqual(['term', 'kill']);
    expect(state()).toBe('stopping');
  });

  it('aborts its jobs when they do not end within the drain time after a signal', () => {
    const signalled: readonly (readonly [AgentEvent, number])[] = [...busy, [{ kind: 'signalled' }, 0]];

    expect(signalsIn(play([...signalled, [tick, limits.drainMs - 1]]).actions)).toEqual(['quit']);
    expect(signalsIn(play([...signalled, [tick, limits.drainMs]]).actions)).toEqual(['quit', 'term']);
  });

  it('goes on taking jobs for 15 minutes of silence, then parks, and ends after 60 minutes when idle', () => {
    const silent = (ms: number) => play([...up, [{ kind: 'unreachable' }, ms - 100]]);

    expect(silent(limits.silentAcceptMs - 1).actions.filter(({ kind }) => kind === 'signal')).toEqual([]);
    expect(signalsIn(silent(limits.silentAcceptMs).actions)).toEqual(['quit']);
    const parked = [...up, [{ kind: 'unreachable' }, limits.silentAcceptMs], [exited, 0]] as const;
    expect(play(parked).state()).toBe('parked');
    expect(play([...parked, [tick, 45 * minuteMs]]).model.isOver).toBe(true);
    expect(play([...parked, [wanted('run'), minuteMs]]).state()).toBe('booting');
  });

  it('finishes its job however long the silence, up to its maximum life', () => {
    const hours = (count: number) => play([...busy, [{ kind: 'unreachable' }, count * 60 * minuteMs]]);

    expect(signalsIn(hours(23).actions)).toEqual(['quit']);
    expect(signalsIn(hours(24).actions)).toEqual(['term']);
  });

  it('takes no more jobs once it is disowned, and leaves when idle', () => {
    const disowned = [...busy, [{ kind: 'refused', status: 401 }, 0]] as const;

    expect(signalsIn(play(disowned).actions)).toEqual(['quit']);
    expect(play([...disowned, [exited, 1_000]]).model.isOver).toBe(true);
  });

  it('starts a crashed child again, later each time, and counts the failures until a job ends well', () => {
    const crash = [...up, [exited, 100]] as const;
    const starts = (actions: readonly AgentAction[]) => actions.filter(({ kind }) => kind === 'start').length;

    expect(starts(play([...crash, [tick, 999]]).actions)).toBe(1);
    expect(starts(play([...crash, [tick, 1_000]]).actions)).toBe(2);
    const twice = [...crash, [tick, 1_000], [exited, 100]] as const;
    expect(starts(play([...twice, [tick, 1_999]]).actions)).toBe(2);
    expect(play(twice).model.failures).toBe(2);
    const healed = play([...twice, [tick, 2_000], [observed(0, { newlyStarted: 1, newlyDone: 1 }), 100]]);
    expect(healed.model).toMatchObject({ failures: 0, crashes: 0 });
  });

  it('counts a job that the machine broke, but not one that its script failed', () => {
    const broken = play([...busy, [observed(0, { newlyDone: 1, newlyBroken: 1 }), 100]]);

    expect(broken.model.failures).toBe(1);
    expect(play([...busy, [observed(0, { newlyDone: 1 }), 100]]).model.failures).toBe(0);
  });
});
