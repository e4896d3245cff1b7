import { describe, expect, it } from 'vitest';
import { eggName, registrationId, runnerId } from '../names.ts';
import type { PoolFacts, RunnerFacts } from './facts.ts';
import { planPool } from './plan-pool.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const now = 10 * hourMs;
const heartbeatMs = 15_000;
const here = registrationId('app', { server: 'gitlab.com', scope: 'project', scopeId: 1 });

type Agent = NonNullable<RunnerFacts['agent']>;

function anAgent(over: Partial<Agent> = {}): Agent {
  return { state: 'idle', lastHeartbeat: now, runningJobs: 0, jobsDone: 0, ...over };
}

function aRunner(over: Partial<RunnerFacts> = {}): RunnerFacts {
  return {
    id: runnerId('r1'),
    state: 'idle',
    pool: 'apex',
    registrationId: here,
    machineHash: 'h1',
    createdAt: now - 5 * minuteMs,
    stateSince: now - minuteMs,
    made: true,
    desired: 'run',
    failureCount: 0,
    ...over,
  };
}

/** A living runner whose agent speaks. */
function aLivingRunner(id: string, over: Partial<RunnerFacts> = {}): RunnerFacts {
  const isActive = over.state === 'active';
  const agent = anAgent(isActive ? { state: 'active', runningJobs: 1 } : {});
  return aRunner({ id: runnerId(id), agent, ...over });
}

/** A runner whose agent was last heard so long ago. */
function aSilentRunner(silentMs: number, over: Partial<RunnerFacts> = {}): RunnerFacts {
  const isActive = over.state === 'active';
  const agent = anAgent({
    state: isActive ? 'active' : 'idle',
    runningJobs: isActive ? 1 : 0,
    lastHeartbeat: now - silentMs,
  });
  return aRunner({ agent, unknownSince: now - silentMs, ...over });
}

function someFacts(over: Partial<PoolFacts> = {}): PoolFacts {
  return {
    now,
    egg: eggName('app'),
    limits: { apex: { min: 0, max: 10 }, nadir: { min: 0, max: 2, idleTimeoutMs: 30 * minuteMs } },
    concurrent: 10,
    jobsPerRunner: 1,
    machineHash: 'h1',
    heartbeatMs,
    waiting: [],
    runners: [],
    frozen: false,
    isLeaving: false,
    firstRegistration: here,
    replaceShare: 0.5,
    ...over,
  };
}

/** State changes only, in short: `r1 → draining: rule`. */
function endsOf(over: Partial<PoolFacts>): string[] {
  return planPool(someFacts(over)).moves.flatMap((move) => {
    if (move.kind === 'move') return [`${move.runnerId} → ${move.to}: ${move.rule}`];
    return move.kind === 'unknown' ? [`${move.runnerId} since ${move.since}: ${move.rule}`] : [];
  });
}

describe('planPool: deadlines', () => {
  it.each([
    ['requested', false, 15 * minuteMs, ['r1 → failed: deadline_passed', 'r1 → terminated: failed']],
    ['provisioning', false, 25 * minuteMs, ['r1 → failed: deadline_passed', 'r1 → terminated: failed']],
    ['provisioning', true, 25 * minuteMs, ['r1 → failed: deadline_passed', 'r1 → terminating: failed']],
    ['booting', true, 10 * minuteMs, ['r1 → failed: deadline_passed', 'r1 → terminating: failed']],
  ] as const)('a %s runner (made: %s) ends after its time', (...row) => {
    const [state, made, afterMs, expected] = row;
    const runner = aRunner({ state, made, stateSince: now - afterMs });
    const limits = { ...someFacts().limits, apex: { min: 1, max: 1 } };

    expect(endsOf({ runners: [runner], limits })).toEqual(expected);
    expect(endsOf({ runners: [{ ...runner, stateSince: now - afterMs + 1 }], limits })).toEqual([]);
  });

  it('goes by the deadline of the row where there is one', () => {
    expect(endsOf({ runners: [aRunner({ state: 'booting', deadlineAt: now })] })).toHaveLength(2);
    expect(
      planPool(someFacts({ runners: [aRunner({ state: 'booting', deadlineAt: now + 1 })] })).lookAgainAt,
    ).toBe(now + 1);
  });

  it('spares a late runner of which GitLab knows a job', () => {
    const runner = aRunner({ state: 'booting', deadlineAt: now, proof: { gitlabIdle: false } });

    expect(endsOf({ runners: [runner] })).toEqual([]);
  });

  it('notes what failed while frozen, but removes nothing', () => {
    expect(endsOf({ frozen: true, runners: [aRunner({ state: 'booting', deadlineAt: now })] })).toEqual([
      'r1 → failed: deadline_passed',
    ]);
  });

  it('ends a draining runner that was never heard once it can no longer log in', () => {
    const runner = aRunner({ state: 'draining', desired: 'drain', stateSince: now - 10 * minuteMs });

    expect(endsOf({ runners: [runner] })).toEqual(['r1 → terminating: never_heard']);
    expect(endsOf({ runners: [{ ...runner, proof: { gitlabIdle: false } }] })).toEqual([]);
    expect(planPool(someFacts({ runners: [{ ...runner, stateSince: now }] })).lookAgainAt).toBe(
      now + 10 * minuteMs,
    );
  });

  it('looks again when nothing but time can change the plan', () => {
    const stuck = aRunner({ state: 'terminating' });

    expect(planPool(someFacts()).lookAgainAt).toBeUndefined();
    expect(planPool(someFacts({ runners: [stuck] })).lookAgainAt).toBeUndefined();
    expect(planPool(someFacts({ backoffUntil: now + 5 })).lookAgainAt).toBe(now + 5);
    expect(planPool(someFacts({ runners: [aLivingRunner('r1')] })).lookAgainAt).toBe(now + 3 * heartbeatMs);
  });
});

describe('planPool: silence', () => {
  it('counts a runner for nothing after three missed heartbeats, and again when it is heard', () => {
    const quiet = aRunner({ agent: anAgent({ lastHeartbeat: now - 3 * heartbeatMs }) });

    expect(endsOf({ runners: [quiet] })).toEqual([`r1 since ${now - 3 * heartbeatMs}: silent`]);
    expect(planPool(someFacts({ runners: [quiet] })).capacity.now).toBe(0);
    expect(endsOf({ runners: [aLivingRunner('r1', { unknownSince: now - minuteMs })] })).toEqual([
      'r1 since undefined: heard_again',
    ]);
  });

  it('keeps the place of a silent runner until it surely takes no more jobs', () => {
    const proof = { gitlabIdle: true };

    expect(endsOf({ runners: [aSilentRunner(15 * minuteMs, { proof })] })).toEqual([]);
    expect(endsOf({ runners: [aSilentRunner(16 * minuteMs, { proof })] })).toEqual([
      'r1 → draining: silent_written_off',
    ]);
    expect(endsOf({ runners: [aSilentRunner(16 * minuteMs, { proof, state: 'active' })] })).toEqual([
      'r1 → draining: silent_written_off',
    ]);
    expect(endsOf({ runners: [aSilentRunner(16 * minuteMs)] })).toEqual([]);
    expect(endsOf({ runners: [aSilentRunner(16 * minuteMs, { proof: { gitlabIdle: false } })] })).toEqual([]);
    expect(endsOf({ frozen: true, runners: [aSilentRunner(16 * minuteMs, { proof })] })).toEqual([]);
  });

  it('gives the place of a written off runner to a waiting job', () => {
    const silent = aSilentRunner(16 * minuteMs, {
      state: 'draining',
      desired: 'drain',
      proof: { gitlabIdle: true },
    });
    const waiting = [{ key: 'gitlab.com#1#1', queuedAt: now, registrationId: here }];

    expect(planPool(someFacts({ runners: [silent], waiting, concurrent: 1 })).moves).toHaveLength(1);
  });

  it.each([
    ['too early', 59 * minuteMs, { gitlabIdle: true, cloud: 'running' }, false],
    ['GitLab knows of a job', hourMs, { gitlabIdle: false, cloud: 'running' }, false],
    ['GitLab was not asked', hourMs, { cloud: 'running' }, false],
    ['the cloud did not answer', hourMs, { gitlabIdle: true, cloud: 'unknown' }, false],
    ['the cloud was not asked', hourMs, { gitlabIdle: true }, false],
    ['all proofs are there', hourMs, { gitlabIdle: true, cloud: 'running' }, true],
    ['the machine is gone', minuteMs, { cloud: 'gone' }, true],
  ] as const)('ends a silent draining runner only by proof: %s', (...row) => {
    const [, silentMs, proof, hasEnded] = row;
    const runner = aSilentRunner(silentMs, { state: 'draining', desired: 'drain', proof });

    const isEnd = endsOf({ runners: [runner] }).some((move) => move.startsWith('r1 → terminating'));

    expect(isEnd).toBe(hasEnded);
    expect(endsOf({ runners: [runner], frozen: true })).toEqual([]);
  });

  it('takes a vanished machine for failed, unless its agent still speaks', () => {
    const proof = { cloud: 'gone' } as const;

    expect(endsOf({ runners: [aSilentRunner(minuteMs, { state: 'active', proof })] })).toEqual([
      'r1 → failed: machine_gone',
      'r1 → terminating: failed',
    ]);
    expect(endsOf({ runners: [aRunner({ state: 'booting', proof })] })[0]).toBe('r1 → failed: machine_gone');
    expect(endsOf({ runners: [aLivingRunner('r1', { proof })] })).toEqual([]);
  });
});

describe('planPool: who has to go', () => {
  it('drains every runner of an Egg that left the Nest, and closes what was not made', () => {
    const runners = [
      aLivingRunner('r1'),
      aLivingRunner('r2', { state: 'active' }),
      aRunner({ id: runnerId('r3'), state: 'requested', made: false }),
      aRunner({ id: runnerId('r4'), state: 'provisioning', made: false }),
      aRunner({ id: runnerId('r5'), state: 'booting' }),
    ];

    expect(endsOf({ runners, isLeaving: true })).toEqual([
      'r1 → draining: egg_removed',
      'r2 → draining: egg_removed',
      'r3 → terminated: egg_removed',
      'r5 → draining: egg_removed',
    ]);
    expect(endsOf({ runners: runners.slice(0, 2), isLeaving: true, frozen: true })).toEqual([]);
    expect(endsOf({ runners: [aRunner({ state: 'requested' })], isLeaving: true })).toEqual([]);
  });

  it.each(['drain', 'terminate', 'replace'] as const)('drains a runner marked %s, busy or not', (action) => {
    const mark = { action, rule: 'max_age', by: 'uglyfox' };

    expect(endsOf({ runners: [aLivingRunner('r1', { mark })] })).toEqual(['r1 → draining: max_age']);
    expect(endsOf({ runners: [aLivingRunner('r1', { mark, state: 'active' })] })).toEqual([
      'r1 → draining: max_age',
    ]);
    expect(endsOf({ runners: [aLivingRunner('r1', { mark })], frozen: true })).toEqual([]);
  });

  it('holds a mark of idleness for void when the runner has worked since, works, or work waits', () => {
    const mark = { action: 'terminate', rule: 'idle_timeout', by: 'uglyfox', at: now - minuteMs } as const;
    const idleSince = (since: number) => aLivingRunner('r1', { mark, agent: anAgent({ idleSince: since }) });
    const waiting = [{ key: 'gitlab.com#1#1', queuedAt: now, registrationId: here }];
    const { at: _, ...timeless } = mark;

    expect(endsOf({ runners: [idleSince(now - 2 * minuteMs)] })).toEqual(['r1 → draining: idle_timeout']);
    expect(endsOf({ runners: [aLivingRunner('r1', { mark: timeless })] })).toHaveLength(1);
    expect(endsOf({ runners: [aRunner({ mark, state: 'booting' })] })).toHaveLength(1);
    expect(endsOf({ runners: [idleSince(now)] })).toEqual([]);
    expect(endsOf({ runners: [aLivingRunner('r1', { mark, state: 'active' })] })).toEqual([]);
    expect(endsOf({ runners: [idleSince(now - 2 * minuteMs)], waiting })).toEqual([]);
  });

  it('replaces outdated runners a share at a time: not made, parked, idle, then busy ones', () => {
    const old = { machineHash: 'h0' };
    const runners = [
      aLivingRunner('r1', { ...old, state: 'active' }),
      aLivingRunner('r2', { ...old, createdAt: now - hourMs }),
      aLivingRunner('r3', old),
      aLivingRunner('r4', { ...old, pool: 'nadir', desired: 'park', agent: anAgent({ state: 'parked' }) }),
      aRunner({ ...old, id: runnerId('r5'), state: 'requested', made: false }),
      aRunner({ ...old, id: runnerId('r6'), state: 'booting' }),
      aLivingRunner('r7'),
    ];

    expect(endsOf({ runners, replaceShare: 0.5 })).toEqual([
      'r5 → terminated: outdated',
      'r4 → draining: outdated',
      'r2 → draining: outdated',
    ]);
    expect(endsOf({ runners, replaceShare: 1 })).toContain('r1 → draining: outdated');
    expect(endsOf({ runners, replaceShare: 0.01 })).toHaveLength(2);
    expect(endsOf({ runners, backoffUntil: now + 1 })).toEqual(['r5 → terminated: no_demand']);
  });

  it('waits for the outdated ones that drain before it sends more', () => {
    const old = { machineHash: 'h0' };
    const draining = aLivingRunner('r1', {
      ...old,
      state: 'draining',
      desired: 'drain',
      agent: anAgent({ state: 'draining', runningJobs: 1 }),
    });

    expect(endsOf({ runners: [draining, aLivingRunner('r2', old)], replaceShare: 0.5 })).toEqual([]);
  });

  it('sends those away that a lowered max has no room for: not made, then idle, then busy ones', () => {
    const runners = [
      aLivingRunner('r1', { state: 'active' }),
      aLivingRunner('r2'),
      aRunner({ id: runnerId('r3'), state: 'requested', made: false }),
      aRunner({ id: runnerId('r4'), state: 'booting' }),
      aLivingRunner('r5', { state: 'active' }),
    ];

    expect(endsOf({ runners, concurrent: 2 })).toEqual([
      'r3 → terminated: above_max',
      'r2 → draining: above_max',
      'r1 → draining: above_max',
    ]);
  });
});
