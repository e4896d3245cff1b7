import { describe, expect, it } from 'vitest';
import { eggName, runnerId } from '../names.ts';
import type { WaitCause } from '../pool/facts.ts';
import { explainWait } from './explain-wait.ts';
import type { WaitFacts } from './facts.ts';

const now = 10_000_000;
const app = eggName('app');

function someFacts(over: Partial<WaitFacts> = {}): WaitFacts {
  return {
    now,
    job: { status: 'pending', tags: ['linux'], queuedAt: now - 5_000 },
    candidates: [{ egg: app, matches: true, missingTags: [], extraTags: 0 }],
    rooms: [{ egg: app, room: 2, idle: 0 }],
    egg: app,
    starting: [],
    problems: [],
    ...over,
  };
}

function aJob(over: Partial<NonNullable<WaitFacts['job']>>): NonNullable<WaitFacts['job']> {
  return { status: 'pending', tags: [], queuedAt: now - 5_000, ...over };
}

const causes: WaitCause[] = [
  'no_matching_egg',
  'starting_runner',
  'egg_full',
  'frozen',
  'backoff',
  'runner_idle_not_taken',
  'not_seen_yet',
  'deployment_failed',
  'limits',
];

describe('explainWait', () => {
  it('tells which runner starts for the job and when it must be there', () => {
    const starting = [
      { id: runnerId('r1'), state: 'booting', stateSince: now - 4_000, deadlineAt: now + 60_000 } as const,
    ];

    const answer = explainWait(someFacts({ cause: 'starting_runner', starting }));

    expect(answer).toEqual({
      verdict: 'waiting',
      since: now - 5_000,
      steps: [
        { at: now - 5_000, what: 'seen', detail: 'GitLab says pending, with the tags linux', ok: true },
        { what: 'matched', detail: 'app', ok: true },
        { what: 'assigned', detail: 'it is demand of egg app', ok: true },
        { at: now - 4_000, what: 'starting', detail: 'runner r1 is booting', ok: true },
      ],
      candidates: [{ egg: 'app', matches: true, missingTags: [], room: 2, order: 1 }],
      next: { what: 'a starting runner takes it, or is given up and replaced', atLatest: now + 60_000 },
      blockers: [],
    });
  });

  it('marks a runner that starts for too long', () => {
    const late = { id: runnerId('r1'), state: 'booting', stateSince: now - 9, deadlineAt: now } as const;

    const { steps } = explainWait(someFacts({ cause: 'starting_runner', starting: [late] }));

    expect(steps.at(-1)).toMatchObject({ ok: false, detail: 'runner r1 is booting, longer than it may be' });
  });

  it.each(causes)('has a next step or a fix for %s', (cause) => {
    const answer = explainWait(
      someFacts({ cause, backoffUntil: now + 90_000, lookAgainAt: now + 1, sweepAt: now }),
    );

    expect(answer.next !== undefined || answer.blockers.length > 0).toBe(true);
    for (const blocker of answer.blockers) expect(blocker).toMatchObject({ code: cause, fix: /./ });
  });

  it('says when launches are tried again', () => {
    const waits = explainWait(someFacts({ cause: 'backoff', backoffUntil: now + 90_000 }));
    const over = explainWait(someFacts({ cause: 'backoff', backoffUntil: now }));

    expect(waits.blockers[0]?.detail).toBe('launches of egg app failed; the next try is in 1m30s');
    expect(waits.next).toEqual({ what: 'launches are tried again', atLatest: now + 90_000 });
    expect(over.blockers[0]?.detail).toBe('launches of egg app failed');
    const stuck = explainWait(someFacts({ cause: 'backoff', backoffUntil: now + 90_000, stuckMachines: 12 }));
    expect(stuck.blockers).toEqual([
      {
        code: 'backoff',
        detail:
          '12 machines of egg app could not be removed and go on costing money, so no more are launched; the next try is in 1m30s',
        fix: expect.stringContaining('delete machines'),
      },
    ]);
    expect(explainWait(someFacts({ cause: 'backoff' })).blockers[0]?.detail).toBe(
      'launches of egg app failed',
    );
  });

  it('names the nearest Egg and what it lacks when none matches', () => {
    const candidates = [{ egg: app, matches: false, missingTags: ['gpu'], extraTags: 1 }];

    const answer = explainWait(someFacts({ candidates, rooms: [] }));

    expect(answer.verdict).toBe('unmatched');
    expect(answer.blockers).toEqual([
      {
        code: 'no_matching_egg',
        detail: 'egg app comes nearest and lacks: gpu',
        fix: "add gpu to runner.tags of egg app, or correct the job's tags",
      },
    ]);
    expect(answer.candidates).toEqual([{ egg: 'app', matches: false, missingTags: ['gpu'] }]);
  });

  it('tells a job without tags from a project without Eggs', () => {
    const untagged = [{ egg: app, matches: false, missingTags: [], extraTags: 1 }];
    const job = aJob({});

    expect(explainWait(someFacts({ job, candidates: untagged })).blockers[0]?.fix).toContain('run_untagged');
    expect(explainWait(someFacts({ job, candidates: [] })).blockers[0]?.fix).toContain('gosling add egg');
  });

  it('orders the Eggs as the job would choose them, with what refuses it', () => {
    const other = eggName('other');
    const candidates = [app, other].map((egg) => ({ egg, matches: true, missingTags: [], extraTags: 0 }));
    const rooms = [
      { egg: app, room: 0, idle: 0, refusedBecause: 'frozen' as const },
      { egg: other, room: 1, idle: 1 },
    ];
    const absent = { egg: eggName('a-none'), matches: false, missingTags: ['x'], extraTags: 0 };

    const answer = explainWait(someFacts({ candidates: [absent, ...candidates], rooms }));

    expect(answer.candidates.map(({ egg, order, refusedBecause }) => [egg, order, refusedBecause])).toEqual([
      ['other', 1, undefined],
      ['app', 2, 'frozen'],
      ['a-none', undefined, undefined],
    ]);
  });

  it('calls it trouble only after a minute when an idle runner does not take the job', () => {
    const cause = 'runner_idle_not_taken';
    const old = aJob({ queuedAt: now - 60_000 });

    expect(explainWait(someFacts({ cause })).blockers).toEqual([]);
    expect(explainWait(someFacts({ cause, job: old })).blockers[0]?.code).toBe(cause);
  });

  it('knows that GitLab itself has not released the job yet', () => {
    const untold = [{ egg: app, matches: false, missingTags: [], extraTags: 1 }];
    const { egg: _, ...unassigned } = someFacts({ job: aJob({ status: 'manual' }), candidates: untold });

    expect(explainWait(unassigned)).toMatchObject({
      verdict: 'waiting',
      steps: [{ what: 'seen', detail: 'GitLab says manual' }],
      next: { what: 'GitLab releases it to runners' },
      blockers: [],
    });
    expect(explainWait(someFacts()).next).toEqual({ what: 'the project is swept' });
  });

  it('says so when it has never seen the job', () => {
    const { job: _, ...unseen } = someFacts();

    expect(explainWait(unseen)).toMatchObject({ verdict: 'unknown', steps: [{ what: 'seen', ok: false }] });
  });

  it('tells where a running job runs', () => {
    const running = aJob({ status: 'running', startedAt: now - 3, runnerId: runnerId('r7') });
    const elsewhere = aJob({ status: 'canceling', startedAt: now - 3 });

    const answer = explainWait(someFacts({ job: running, cause: 'egg_full' }));

    expect(answer).toMatchObject({ verdict: 'running', since: now - 3, blockers: [] });
    expect(answer.next).toBeUndefined();
    expect(answer.steps.at(-1)?.detail).toBe('on runner r7');
    expect(explainWait(someFacts({ job: elsewhere })).steps.at(-1)?.detail).toBe(
      'which runner took it is not known',
    );
  });

  it('tells how a job ended', () => {
    const failed = aJob({ status: 'failed', finishedAt: now - 1, failureReason: 'runner_system_failure' });

    const answer = explainWait(someFacts({ job: failed }));

    expect(answer).toMatchObject({ verdict: 'done', since: now - 1 });
    expect(answer.steps.at(-1)).toEqual({
      at: now - 1,
      what: 'ended',
      detail: 'failed: runner_system_failure',
      ok: false,
    });
    expect(explainWait(someFacts({ job: aJob({ status: 'success' }) })).steps.at(-1)).toEqual({
      what: 'ended',
      detail: 'success',
      ok: true,
    });
  });

  it('adds the trouble that was found elsewhere', () => {
    const problem = {
      code: 'hook_disabled',
      detail: 'GitLab switched our hook off',
      fix: 'it is being repaired',
    };

    expect(
      explainWait(someFacts({ cause: 'frozen', problems: [problem] })).blockers.map(({ code }) => code),
    ).toEqual(['frozen', 'hook_disabled']);
  });
});
