import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eggName, runnerId } from '../names.ts';
import type { MarkAction } from '../policies.ts';
import { decidePrune } from './decide-prune.ts';
import type { CompiledRule, PruneFacts, PruneRunner } from './facts.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const now = 1_000 * hourMs;

function aRunner(over: Partial<PruneRunner> = {}): PruneRunner {
  return {
    id: runnerId('r1'),
    egg: eggName('app'),
    type: 'vm',
    state: 'idle',
    pool: 'apex',
    createdAt: now - hourMs,
    failureCount: 0,
    jobCount: 0,
    isUnknown: false,
    ...(over.state === 'active' ? {} : { idleSince: now - minuteMs }),
    ...over,
  };
}

function someFacts(over: Partial<PruneFacts> = {}): PruneFacts {
  return {
    now,
    egg: eggName('app'),
    limits: { apex: { min: 0, max: 5 }, nadir: { min: 0, max: 1, idleTimeoutMs: 30 * minuteMs } },
    idleTimeoutMs: 10 * minuteMs,
    config: { failedThreshold: 3, maxAgeMs: 24 * hourMs, checkIntervalMs: 5 * minuteMs, rules: [] },
    rules: [],
    runners: [],
    waitingJobs: 0,
    ...over,
  };
}

function aRule(
  name: string,
  action: MarkAction,
  matches: CompiledRule['matches'] = () => true,
): CompiledRule {
  return { name, action, matches };
}

function marksOf(over: Partial<PruneFacts>): string[] {
  return decidePrune(someFacts(over)).marks.map(
    ({ runnerId: id, action, rule }) => `${id} ${action}: ${rule}`,
  );
}

const longIdle = (id: string, over: Partial<PruneRunner> = {}) =>
  aRunner({ id: runnerId(id), idleSince: now - hourMs, ...over });

const states = fc.constantFrom('requested', 'booting', 'idle', 'active', 'draining', 'failed' as const);
const anyRunner = fc.record({
  state: states,
  pool: fc.constantFrom('apex', 'nadir' as const),
  ageMs: fc.nat(48 * hourMs),
  idleMs: fc.option(fc.nat(2 * hourMs), { nil: undefined }),
  failureCount: fc.nat(5),
  isUnknown: fc.boolean(),
});
const anyPool = fc.record({
  runners: fc.array(anyRunner, { maxLength: 8 }),
  min: fc.nat(3),
  nadirMax: fc.nat(3),
  waitingJobs: fc.nat(1),
});

function factsOf(pool: typeof anyPool extends fc.Arbitrary<infer Pool> ? Pool : never): PruneFacts {
  const runners = pool.runners.map(({ ageMs, idleMs, ...rest }, index) =>
    aRunner({
      ...rest,
      id: runnerId(`r${index}`),
      createdAt: now - ageMs,
      ...(idleMs === undefined ? {} : { idleSince: now - idleMs }),
    }),
  );
  const nadir = { min: 0, max: pool.nadirMax, idleTimeoutMs: 30 * minuteMs };
  return someFacts({
    runners,
    limits: { apex: { min: pool.min, max: 9 }, nadir },
    waitingJobs: pool.waitingJobs,
  });
}

const isJudged = ({ state, isUnknown }: PruneRunner) =>
  !isUnknown && (state === 'booting' || state === 'idle' || state === 'active');

describe('decidePrune', () => {
  it('Feature: gitops-runner-orchestration, Property 16: an apex runner idle beyond its time is demoted while nadir has room', () => {
    const timeouts = fc.integer({ min: 1, max: 2 * hourMs });
    fc.assert(
      fc.property(timeouts, timeouts, (idleMs, idleTimeoutMs) => {
        const runners = [aRunner({ idleSince: now - idleMs })];

        expect(marksOf({ runners, idleTimeoutMs })).toEqual(
          idleMs > idleTimeoutMs ? ['r1 demote: idle_timeout'] : [],
        );
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 17: every runner at the failure threshold is marked to end', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        const facts = factsOf(pool);
        const { marks } = decidePrune(facts);

        for (const runner of facts.runners.filter((one) => isJudged(one) && one.failureCount >= 3)) {
          const mark = marks.find(({ runnerId: id }) => id === runner.id);
          expect(mark?.rule).toBe('failed_threshold');
          expect(mark?.action).toBe(runner.state === 'active' ? 'drain' : 'terminate');
        }
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 18: every runner older than max_age is marked to end', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        const facts = factsOf(pool);
        const { marks } = decidePrune(facts);

        for (const runner of facts.runners.filter(isJudged)) {
          if (now - runner.createdAt <= facts.config.maxAgeMs || runner.failureCount >= 3) continue;
          const mark = marks.find(({ runnerId: id }) => id === runner.id);
          expect(mark?.rule).toBe('max_age');
          expect(mark?.action).toBe(runner.state === 'active' ? 'drain' : 'terminate');
        }
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 19: every decision says by which rule and why, once per runner', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        const facts = factsOf(pool);
        const { marks } = decidePrune(facts);

        const ids = marks.map(({ runnerId: id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const mark of marks) {
          expect(mark.rule).toMatch(/^[a-z_]+$/);
          expect(mark.why).toMatch(/\S/);
          expect(facts.runners.filter(isJudged).map(({ id }) => id)).toContain(mark.runnerId);
        }
      }),
    );
  });

  it('leaves the warm runners, overfills no tier and prunes nothing idle while jobs wait', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        const facts = factsOf(pool);
        const { marks } = decidePrune(facts);

        const demoted = marks.filter(({ action }) => action === 'demote').length;
        const inNadir = facts.runners.filter(
          (one) => one.pool === 'nadir' && !['draining', 'failed'].includes(one.state),
        );
        const gone = marks.filter(({ runnerId: id }) => inNadir.some((one) => one.id === id)).length;
        expect(demoted).toBeLessThanOrEqual(Math.max(0, facts.limits.nadir.max - inNadir.length + gone));
        const idle = marks.filter(({ rule }) => rule === 'idle_timeout').length;
        const apex = facts.runners.filter((one) => isJudged(one) && one.pool === 'apex').length;
        expect(idle).toBeLessThanOrEqual(Math.max(0, apex - facts.limits.apex.min));
        if (facts.waitingJobs > 0) expect(marks.some(({ rule }) => rule.includes('idle'))).toBe(false);
      }),
    );
  });

  it('demotes the longest idle first and ends the rest above min_count', () => {
    const runners = [longIdle('r1'), longIdle('r2', { idleSince: now - 2 * hourMs }), longIdle('r3')];
    const limits = { ...someFacts().limits, apex: { min: 1, max: 5 } };

    expect(marksOf({ runners, limits })).toEqual(['r2 demote: idle_timeout', 'r1 terminate: idle_timeout']);
  });

  it('ends parked runners that were idle too long, above min_count', () => {
    const runners = [longIdle('r1', { pool: 'nadir' }), longIdle('r2', { pool: 'nadir', createdAt: now })];
    const nadir = { min: 1, max: 2, idleTimeoutMs: 30 * minuteMs };

    expect(marksOf({ runners })).toHaveLength(2);
    expect(marksOf({ runners, limits: { ...someFacts().limits, nadir } })).toEqual([
      'r1 terminate: nadir_idle_timeout',
    ]);
  });

  it('leaves idle runners while jobs wait, and silent ones always', () => {
    expect(marksOf({ runners: [longIdle('r1')], waitingJobs: 1 })).toEqual([]);
    expect(marksOf({ runners: [longIdle('r1', { isUnknown: true, failureCount: 9 })] })).toEqual([]);
    const { idleSince: _, ...unmeasured } = longIdle('r1');
    expect(marksOf({ runners: [unmeasured] })).toEqual([]);
  });
});

describe('decidePrune: policies of the Nest', () => {
  it('marks what a policy says; a busy runner is drained instead of ended', () => {
    const rules = [aRule('old', 'terminate')];

    expect(marksOf({ rules, runners: [aRunner()] })).toEqual(['r1 terminate: old']);
    expect(marksOf({ rules, runners: [aRunner({ state: 'active' })] })).toEqual(['r1 drain: old']);
    expect(marksOf({ rules: [aRule('swap', 'replace')], runners: [aRunner()] })).toEqual([
      'r1 replace: swap',
    ]);
  });

  it('skips and reports a broken rule once, and still asks the others', () => {
    const broken = aRule('broken', 'terminate', () => ({ problem: 'no such field' }));
    const runners = [aRunner(), aRunner({ id: runnerId('r2') })];

    const decision = decidePrune(someFacts({ rules: [broken, aRule('ok', 'drain')], runners }));

    expect(decision.marks.map(({ rule }) => rule)).toEqual(['ok', 'ok']);
    expect(decision.problems).toEqual([{ rule: 'broken', problem: 'no such field' }]);
  });

  it('does nothing by default: a broken rule alone marks nobody', () => {
    const broken = aRule('broken', 'terminate', () => ({ problem: 'no such field' }));

    expect(marksOf({ rules: [broken], runners: [aRunner()] })).toEqual([]);
  });

  it('reports rules that disagree and follows neither', () => {
    const rules = [aRule('one', 'terminate'), aRule('two', 'drain')];

    const decision = decidePrune(someFacts({ rules, runners: [aRunner()] }));

    expect(decision.marks).toEqual([]);
    expect(decision.problems.map(({ rule }) => rule)).toEqual(['one', 'two']);
    expect(decision.problems[0]?.problem).toContain('one (terminate), two (drain)');
  });

  it('follows rules that agree', () => {
    const rules = [aRule('one', 'drain'), aRule('two', 'drain')];

    expect(marksOf({ rules, runners: [aRunner()] })).toEqual(['r1 drain: one']);
  });

  it('moves between tiers only what can move', () => {
    const demote = [aRule('park', 'demote')];
    const promote = [aRule('wake', 'promote')];
    const parked = aRunner({ id: runnerId('r2'), pool: 'nadir' });

    expect(marksOf({ rules: demote, runners: [aRunner()] })).toEqual(['r1 demote: park']);
    expect(marksOf({ rules: demote, runners: [aRunner({ state: 'active' })] })).toEqual([]);
    expect(marksOf({ rules: demote, runners: [aRunner(), parked] })).toEqual([]);
    expect(marksOf({ rules: demote, runners: [parked] })).toEqual([]);
    expect(marksOf({ rules: promote, runners: [parked] })).toEqual(['r2 promote: wake']);
    expect(marksOf({ rules: promote, runners: [aRunner()] })).toEqual([]);
    const warm = { ...someFacts().limits, apex: { min: 1, max: 2 } };
    expect(marksOf({ rules: demote, runners: [aRunner()], limits: warm })).toEqual([]);
  });

  it('gives policies the fields of a runner, measured ones only where there is a measure', () => {
    const seen: Record<string, unknown>[] = [];
    const spy = aRule('spy', 'drain', (facts) => {
      seen.push({ ...facts });
      return false;
    });
    const measured = aRunner({ state: 'active', cpuUsage: 90, memoryUsage: 50, diskUsage: 10 });

    decidePrune(someFacts({ rules: [spy], runners: [aRunner()] }));
    decidePrune(someFacts({ rules: [spy], runners: [measured] }));

    expect(seen[0]).toEqual({
      egg: 'app',
      type: 'vm',
      state: 'idle',
      pool: 'apex',
      age: hourMs,
      idle_time: minuteMs,
      failed_count: 0,
      failure_count: 0,
      job_count: 0,
    });
    expect(seen[1]).toMatchObject({ idle_time: 0, cpu_usage: 90, memory_usage: 50, disk_usage: 10 });
  });
});
