import { describe, expect, it } from 'vitest';
import { eggName, registrationId, runnerId } from '../names.ts';
import type { PoolFacts, PoolMove, RunnerFacts, WaitingJob } from './facts.ts';
import { planPool } from './plan-pool.ts';

const minuteMs = 60_000;
const now = 100 * minuteMs;
const heartbeatMs = 15_000;
const here = registrationId('app', { server: 'gitlab.com', scope: 'project', scopeId: 1 });
const there = registrationId('app', { server: 'gitlab.com', scope: 'project', scopeId: 2 });

type Agent = NonNullable<RunnerFacts['agent']>;

function anAgent(over: Partial<Agent> = {}): Agent {
  return { state: 'idle', lastHeartbeat: now, runningJobs: 0, jobsDone: 0, ...over };
}

/** A runner in its state, with an agent that says the same where it has one. */
function aRunner(over: Partial<RunnerFacts> = {}): RunnerFacts {
  const state = over.state ?? 'idle';
  const isActive = state === 'active';
  const hasAgent = state === 'idle' || isActive;
  return {
    id: runnerId('r1'),
    state,
    pool: 'apex',
    registrationId: here,
    machineHash: 'h1',
    createdAt: now - 5 * minuteMs,
    stateSince: now - minuteMs,
    made: state !== 'requested' && state !== 'provisioning',
    desired: 'run',
    failureCount: 0,
    ...(hasAgent ? { agent: anAgent({ state, runningJobs: isActive ? 1 : 0 }) } : {}),
    ...over,
  };
}

function aParkedRunner(over: Partial<RunnerFacts> = {}): RunnerFacts {
  return aRunner({ pool: 'nadir', desired: 'park', agent: anAgent({ state: 'parked' }), ...over });
}

function aJob(id: number, over: Partial<WaitingJob> = {}): WaitingJob {
  return { key: `gitlab.com#1#${id}`, queuedAt: now - 10_000 + id, registrationId: here, ...over };
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

/** The moves in short: `launch app/…/0`, `r1 → draining`, `r1 desired drain`. */
function movesOf(over: Partial<PoolFacts>): string[] {
  return planPool(someFacts(over)).moves.map(inShort);
}

function inShort(move: PoolMove): string {
  switch (move.kind) {
    case 'launch':
      return `launch ${move.launchKey} in ${move.pool}: ${move.rule}`;
    case 'move':
      return `${move.runnerId} → ${move.to}: ${move.rule}`;
    case 'desire':
      return `${move.runnerId} desired ${move.desired}: ${move.rule}`;
    case 'tier':
      return `${move.runnerId} in ${move.pool}: ${move.rule}`;
    case 'unknown':
      return `${move.runnerId} ${move.since === undefined ? 'known' : 'unknown'}: ${move.rule}`;
  }
}

function causesOf(over: Partial<PoolFacts>): string[] {
  return planPool(someFacts(over)).blocked.map(({ cause }) => cause);
}

const limitsOf = (apex: { min: number; max: number }, nadir = { min: 0, max: 2 }) => ({
  apex,
  nadir: { ...nadir, idleTimeoutMs: 30 * minuteMs },
});

const drains = (rule: string) => [`r1 → draining: ${rule}`, `r1 desired drain: ${rule}`];

describe('planPool: launches', () => {
  it('launches one runner per waiting job, oldest first, up to the max', () => {
    const limits = limitsOf({ min: 0, max: 2 });
    const waiting = [aJob(3), aJob(1), aJob(2)];

    const plan = planPool(someFacts({ waiting, limits }));

    expect(plan.moves.map(inShort)).toEqual([
      'launch app/gitlab.com#1#1/0 in apex: waiting_job',
      'launch app/gitlab.com#1#2/0 in apex: waiting_job',
    ]);
    expect(plan.blocked.map(({ cause }) => cause)).toEqual([
      'starting_runner',
      'starting_runner',
      'egg_full',
    ]);
    expect(plan.capacity).toEqual({ now: 0, starting: 0, max: 2 });
  });

  it('needs no more machines than concurrent jobs fill', () => {
    const waiting = [1, 2, 3, 4, 5].map((id) => aJob(id));

    expect(movesOf({ waiting, concurrent: 5, jobsPerRunner: 2 })).toHaveLength(3);
  });

  it('breaks a tie of age by the key', () => {
    const waiting = [2, 1, 3].map((id) => aJob(id, { queuedAt: now }));

    expect(movesOf({ waiting, concurrent: 1 })).toEqual(['launch app/gitlab.com#1#1/0 in apex: waiting_job']);
  });

  it('launches nothing for jobs that idle or starting runners of their registration will take', () => {
    const runners = [
      aRunner(),
      aRunner({ id: runnerId('r2'), state: 'booting' }),
      aRunner({ id: runnerId('r3'), state: 'active' }),
    ];

    expect(movesOf({ runners, waiting: [aJob(1), aJob(2)] })).toEqual([]);
    expect(causesOf({ runners, waiting: [aJob(1), aJob(2)] })).toEqual([
      'runner_idle_not_taken',
      'starting_runner',
    ]);
    expect(movesOf({ runners, waiting: [aJob(1, { registrationId: there })] })).toHaveLength(1);
  });

  it('counts the free places of a busy runner that takes several jobs, but not of one that is full', () => {
    const busy = aRunner({ state: 'active' });
    const full = aRunner({
      state: 'active',
      agent: anAgent({ state: 'active', runningJobs: 1, isFull: true }),
    });

    expect(movesOf({ runners: [busy], waiting: [aJob(1)], jobsPerRunner: 2 })).toEqual([]);
    expect(movesOf({ runners: [full], waiting: [aJob(1)], jobsPerRunner: 2 })).toHaveLength(1);
  });

  it('gives a launch that is repeated for the same job a key of its own', () => {
    const failed = aRunner({ state: 'terminating', launchKey: 'app/gitlab.com#1#1/1' });

    expect(movesOf({ runners: [failed], waiting: [aJob(1, { attempts: 1 })] })).toEqual([
      'launch app/gitlab.com#1#1/2 in apex: waiting_job',
    ]);
  });

  it.each([
    ['frozen', { frozen: true }],
    ['frozen', { isRefused: true }],
    ['backoff', { backoffUntil: now + 1 }],
    ['no_matching_egg', { isLeaving: true }],
    ['deployment_failed', { maxStarting: 0 }],
    ['limits', { mayLaunch: 0 }],
    ['egg_full', { concurrent: 0 }],
  ])('launches nothing when %s', (cause, over) => {
    const waiting = [aJob(1)];

    expect(movesOf({ waiting, ...over })).toEqual([]);
    expect(causesOf({ waiting, ...over })).toEqual([cause]);
  });

  it('tries one launch at a time while a failed deployment is tried again', () => {
    const waiting = [aJob(1), aJob(2)];

    expect(movesOf({ waiting, maxStarting: 1, backoffUntil: now })).toHaveLength(1);
  });

  it('keeps the warm runners and the parked ones that the Nest wants', () => {
    const limits = limitsOf({ min: 2, max: 4 }, { min: 1, max: 2 });

    expect(movesOf({ limits, runners: [aRunner()], warmAttempts: 3 })).toEqual([
      'launch app/min/3 in apex: apex_min_count',
      'launch app/min/4 in nadir: nadir_min_count',
    ]);
    const { firstRegistration: _, ...without } = someFacts({ limits });
    expect(planPool(without).moves).toEqual([]);
    expect(movesOf({ limits, frozen: true })).toEqual([]);
  });

  it('parks a runner even when the apex is full, but not while launches fail', () => {
    const limits = limitsOf({ min: 0, max: 1 }, { min: 1, max: 1 });
    const runners = [aRunner({ state: 'active' })];

    expect(movesOf({ limits, runners })).toEqual(['launch app/min/0 in nadir: nadir_min_count']);
    expect(movesOf({ limits, runners, backoffUntil: now + 1 })).toEqual([]);
    const parking = aRunner({ id: runnerId('r2'), state: 'booting', pool: 'nadir', desired: 'park' });
    expect(movesOf({ limits, runners: [...runners, parking] })).toEqual([]);
  });

  it('wakes a parked runner for the warm ones before it launches one', () => {
    const limits = limitsOf({ min: 1, max: 4 });

    expect(movesOf({ limits, runners: [aParkedRunner({ registrationId: there })] })).toEqual([
      'r1 in apex: apex_min_count',
      'r1 desired run: apex_min_count',
    ]);
  });

  it('closes requests whose jobs are gone, newest first, but keeps the warm ones', () => {
    const runners = [1, 2, 3].map((id) => aRunner({ id: runnerId(`r${id}`), state: 'requested' }));

    expect(movesOf({ runners, limits: limitsOf({ min: 1, max: 4 }), waiting: [aJob(1)] })).toEqual([
      'r3 → terminated: no_demand',
      'r2 → terminated: no_demand',
    ]);
  });

  it('keeps a request made by hand, which no job has to wait for', () => {
    const byHand = aRunner({ id: runnerId('r2'), state: 'requested', isByHand: true });
    const forJob = aRunner({ id: runnerId('r1'), state: 'requested' });

    expect(movesOf({ runners: [byHand] })).toEqual([]);
    expect(movesOf({ runners: [forJob, byHand] })).toEqual(['r1 → terminated: no_demand']);
    expect(movesOf({ runners: [forJob, byHand], waiting: [aJob(1)] })).toEqual([
      'r1 → terminated: no_demand',
    ]);
  });

  it('closes, while frozen, the requests that no apply has begun, and none that one has', () => {
    const runners = [
      aRunner({ id: runnerId('r1'), state: 'requested', made: false }),
      aRunner({ id: runnerId('r2'), state: 'provisioning', made: true }),
    ];

    expect(movesOf({ runners, waiting: [aJob(1), aJob(2)], frozen: true })).toEqual([
      'r1 → terminated: frozen',
    ]);
    expect(causesOf({ runners, waiting: [aJob(1), aJob(2)], frozen: true })).toContain('frozen');
  });
});

describe('planPool: tiers', () => {
  it('Feature: gitops-runner-orchestration, Property 15: a parked runner is promoted before any launch', () => {
    const runners = [aParkedRunner()];

    expect(movesOf({ runners, waiting: [aJob(1), aJob(2)] })).toEqual([
      'r1 in apex: waiting_job',
      'r1 desired run: waiting_job',
      'launch app/gitlab.com#1#2/0 in apex: waiting_job',
    ]);
    expect(movesOf({ runners, waiting: [aJob(1)], frozen: true })[0]).toBe('r1 in apex: waiting_job');
  });

  it('promotes none of another registration or of an old configuration, and none above the max', () => {
    const waiting = [aJob(1)];
    const launch = 'launch app/gitlab.com#1#1/0 in apex: waiting_job';

    expect(movesOf({ runners: [aParkedRunner({ registrationId: there })], waiting })).toEqual([launch]);
    expect(movesOf({ runners: [aParkedRunner({ machineHash: 'h0' })], waiting })).toContain(launch);
    expect(
      movesOf({
        runners: [aParkedRunner(), aRunner({ id: runnerId('r2'), state: 'active' })],
        waiting,
        concurrent: 1,
      }),
    ).toEqual([]);
  });

  it('counts a promoted runner that does not ask yet as starting', () => {
    const runners = [aRunner({ agent: anAgent({ state: 'parked' }) })];

    expect(planPool(someFacts({ runners })).capacity).toEqual({ now: 0, starting: 1, max: 10 });
  });

  it('Feature: gitops-runner-orchestration, Property 16: a runner marked for it is parked when idle and not needed', () => {
    const mark = { action: 'demote', rule: 'idle_timeout', by: 'uglyfox', at: now } as const;
    const runners = [aRunner({ mark, agent: anAgent({ idleSince: now - minuteMs }) })];

    expect(movesOf({ runners })).toEqual(['r1 in nadir: idle_timeout', 'r1 desired park: idle_timeout']);
    expect(movesOf({ runners, waiting: [aJob(1)] })).toEqual([]);
    expect(movesOf({ runners, limits: limitsOf({ min: 1, max: 2 }) })).toEqual([]);
    expect(movesOf({ runners, limits: limitsOf({ min: 0, max: 2 }, { min: 0, max: 0 }) })).toEqual([]);
    expect(movesOf({ runners: [aRunner({ mark, agent: anAgent({ idleSince: now + 1 }) })] })).toEqual([]);
    expect(movesOf({ runners: [aRunner({ mark, state: 'active' })] })).toEqual([]);
    expect(movesOf({ runners: [aParkedRunner({ mark })] })).toEqual([]);
    expect(movesOf({ runners: [aRunner({ mark, agent: anAgent({ state: 'parked' }) })] })).toEqual([]);
  });

  it('promotes by a mark while there is room', () => {
    const mark = { action: 'promote', rule: 'wake_up', by: 'uglyfox' } as const;

    expect(movesOf({ runners: [aParkedRunner({ mark })] })).toEqual([
      'r1 in apex: wake_up',
      'r1 desired run: wake_up',
    ]);
    expect(movesOf({ runners: [aParkedRunner({ mark })], concurrent: 0 })).toEqual([]);
    expect(movesOf({ runners: [aRunner({ mark })] })).toEqual([]);
  });

  it('counts a demoted runner against the max until its agent has parked', () => {
    const limits = limitsOf({ min: 0, max: 1 });
    const waiting = [aJob(1, { registrationId: there })];
    const asking = aParkedRunner({ agent: anAgent() });
    const busy = aParkedRunner({ state: 'active', agent: anAgent({ state: 'draining', runningJobs: 1 }) });

    expect(causesOf({ limits, waiting, runners: [asking] })).toEqual(['egg_full']);
    expect(causesOf({ limits, waiting, runners: [busy] })).toEqual(['egg_full']);
    expect(causesOf({ limits, waiting, runners: [aParkedRunner()] })).toEqual(['starting_runner']);
  });

  it('repairs what an agent is told when it does not fit its tier, but leaves an operator’s stop', () => {
    expect(movesOf({ runners: [aRunner({ desired: 'park' })] })).toEqual([
      'r1 desired run: desired_follows_tier',
    ]);
    expect(
      movesOf({ runners: [aRunner({ state: 'draining', agent: anAgent({ state: 'draining' }) })] }),
    ).toEqual(['r1 desired drain: desired_follows_state']);
    expect(movesOf({ runners: [aRunner({ desired: 'stop' })] })).toEqual([]);
  });
});

describe('planPool: room for other registrations', () => {
  const limits = limitsOf({ min: 0, max: 1 });
  const idleFor = (ms: number) => aRunner({ agent: anAgent({ idleSince: now - ms }), registrationId: there });

  it('gives the place of an idle runner away after its turn', () => {
    const waiting = [aJob(1)];

    expect(movesOf({ limits, waiting, runners: [idleFor(2 * heartbeatMs)] })).toEqual(drains('gives_way'));
    expect(movesOf({ limits, waiting, runners: [idleFor(heartbeatMs)] })).toEqual([]);
    expect(planPool(someFacts({ limits, waiting, runners: [idleFor(heartbeatMs)] })).lookAgainAt).toBe(
      now + heartbeatMs,
    );
    expect(movesOf({ limits, waiting, runners: [aRunner({ registrationId: there })] })).toEqual(
      drains('gives_way'),
    );
  });

  it('leaves an idle runner that a job of its own registration needs', () => {
    const waiting = [aJob(1), aJob(2, { registrationId: there })];

    expect(movesOf({ limits, waiting, runners: [idleFor(minuteMs)] })).toEqual([]);
  });

  it('sends one runner away for each machine that is needed, the longest idle first, and waits for those that go', () => {
    const runners = [
      { ...idleFor(minuteMs), id: runnerId('r1') },
      { ...idleFor(2 * minuteMs), id: runnerId('r2') },
      { ...idleFor(3 * minuteMs), id: runnerId('r3') },
    ];
    const waiting = [aJob(1), aJob(2), aJob(3), aJob(4)];
    const two = limitsOf({ min: 0, max: 3 });

    const moves = movesOf({ limits: two, waiting, runners, concurrent: 6, jobsPerRunner: 2 });
    expect(moves.filter((move) => move.includes('→'))).toEqual([
      'r3 → draining: gives_way',
      'r2 → draining: gives_way',
    ]);
    const going = aRunner({
      state: 'draining',
      desired: 'drain',
      agent: anAgent({ state: 'draining', runningJobs: 1 }),
      registrationId: there,
    });
    expect(movesOf({ limits, waiting: [aJob(1)], runners: [going] })).toEqual([]);
  });

  it('lets a job that has waited long claim the place of a busy runner, after its job', () => {
    const waiting = [aJob(1, { queuedAt: now - 2 * minuteMs })];
    const busy = aRunner({ state: 'active', registrationId: there });
    const busyTwo = aRunner({ id: runnerId('r2'), state: 'active', registrationId: there, stateSince: now });
    const own = aRunner({ id: runnerId('r3'), state: 'active' });

    expect(movesOf({ limits, waiting, runners: [busy] })).toEqual(drains('gives_way'));
    expect(movesOf({ limits: limitsOf({ min: 0, max: 2 }), waiting, runners: [busyTwo, busy] })).toEqual(
      drains('gives_way'),
    );
    expect(movesOf({ limits: limitsOf({ min: 0, max: 2 }), waiting, runners: [busy, own] })).toEqual([]);
    expect(movesOf({ limits, waiting: [aJob(1)], runners: [busy] })).toEqual([]);
  });
});

describe('planPool: what agents say', () => {
  it.each([
    ['booting', 'idle', ['r1 → idle: agent_idle']],
    ['booting', 'booting', []],
    ['booting', 'parked', ['r1 → idle: agent_parked']],
    ['idle', 'active', ['r1 → active: agent_active']],
    ['active', 'idle', ['r1 → idle: agent_idle']],
    ['active', 'draining', ['r1 → draining: agent_draining', 'r1 desired drain: desired_follows_state']],
    ['provisioning', 'booting', ['r1 → booting: agent_heard']],
    ['provisioning', 'idle', ['r1 → booting: agent_heard', 'r1 → idle: agent_idle']],
    [
      'idle',
      'finished',
      [
        'r1 → draining: agent_finished',
        'r1 desired drain: desired_follows_state',
        'r1 → terminating: agent_finished',
      ],
    ],
  ] as const)('a %s runner whose agent says %s', (state, says, expected) => {
    const runners = [aRunner({ state, agent: anAgent({ state: says }) })];

    expect(movesOf({ runners })).toEqual(expected);
  });

  it('keeps a runner active while it has a job, whatever word its agent uses', () => {
    const runners = [aRunner({ state: 'active', agent: anAgent({ state: 'idle', runningJobs: 1 }) })];

    expect(movesOf({ runners })).toEqual([]);
  });

  it('counts an agent that starts again as starting', () => {
    const runners = [aRunner({ agent: anAgent({ state: 'booting' }) })];

    expect(planPool(someFacts({ runners })).capacity).toEqual({ now: 0, starting: 1, max: 10 });
    expect(movesOf({ runners: [aParkedRunner({ agent: anAgent({ state: 'booting' }) })] })).toEqual([]);
  });

  it('ends a draining runner when its agent says it is done, never while it has a job or the pool is frozen', () => {
    const draining = (over: Partial<Agent>) =>
      aRunner({ state: 'draining', desired: 'drain', agent: anAgent(over) });

    expect(movesOf({ runners: [draining({ state: 'drained' })] })).toEqual([
      'r1 → terminating: agent_drained',
    ]);
    expect(movesOf({ runners: [draining({ state: 'stopping' })] })).toEqual([
      'r1 → terminating: agent_stopping',
    ]);
    expect(movesOf({ runners: [draining({ state: 'drained', runningJobs: 1 })] })).toEqual([]);
    expect(movesOf({ runners: [draining({ state: 'draining' })] })).toEqual([]);
    expect(movesOf({ runners: [draining({ state: 'idle' })] })).toEqual([]);
    expect(movesOf({ runners: [draining({ state: 'drained' })], frozen: true })).toEqual([]);
  });

  it('drains a runner that has had its jobs, also while the last one runs', () => {
    const busy = aRunner({
      state: 'active',
      agent: anAgent({ state: 'active', runningJobs: 1, jobsDone: 2 }),
    });

    expect(movesOf({ runners: [busy], maxJobs: 3 })).toEqual(drains('max_jobs'));
    expect(movesOf({ runners: [busy], maxJobs: 4 })).toEqual([]);
  });
});
