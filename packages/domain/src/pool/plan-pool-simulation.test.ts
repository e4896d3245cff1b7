import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eggName, type RegistrationId, registrationId, runnerId } from '../names.ts';
import { deadlineOf, mayMove, type RunnerState, runnerStates } from '../states.ts';
import type { AgentState, Desired, PoolFacts, PoolMove, PoolPlan, RunnerFacts } from './facts.ts';
import { planPool } from './plan-pool.ts';

const heartbeatMs = 15_000;
const minuteMs = 60_000;
const egg = eggName('app');
const registrations = [1, 2].map((id) =>
  registrationId('app', { server: 'gitlab.com', scope: 'project', scopeId: id }),
);

interface Job {
  readonly key: string;
  readonly queuedAt: number;
  readonly registrationId: RegistrationId;
  readonly lastsMs: number;
}

/** What there really is, beside what the row says of it. */
interface Machine {
  facts: RunnerFacts;
  launchedAt: number;
  exists: boolean;
  /** Its agent will never come up. */
  isBroken: boolean;
  /** No word gets through until then. */
  cutUntil: number;
  heardAt: number;
  told: Desired;
  jobsDone: number;
  idleSince: number;
  running: { job: Job; endsAt: number }[];
}

interface World {
  now: number;
  readonly config: Config;
  readonly chance: () => number;
  hasFaults: boolean;
  machineHash: string;
  frozen: boolean;
  backoffUntil: number;
  count: number;
  jobs: Job[];
  machines: Machine[];
}

interface Config {
  readonly concurrent: number;
  readonly jobsPerRunner: number;
  readonly apexMax: number;
  readonly apexMin: number;
  readonly nadirMax: number;
  readonly maxJobs: number | undefined;
  /** Chances of a new job, and of each fault of each runner, in one step. */
  readonly jobRate: number;
  readonly faultRate: number;
  readonly seed: number;
}

const configs = fc.record({
  concurrent: fc.integer({ min: 1, max: 6 }),
  jobsPerRunner: fc.integer({ min: 1, max: 3 }),
  apexMax: fc.integer({ min: 1, max: 5 }),
  apexMin: fc.integer({ min: 0, max: 2 }),
  nadirMax: fc.integer({ min: 0, max: 2 }),
  maxJobs: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  jobRate: fc.constantFrom(0.03, 0.1, 0.3),
  faultRate: fc.constantFrom(0.003, 0.01, 0.04),
  seed: fc.integer(),
});

/** A promoted runner fell silent before it said that it works, and counted for nothing once it was drained. */
const silentAfterPromotion: Config = {
  concurrent: 1,
  jobsPerRunner: 1,
  apexMax: 1,
  apexMin: 0,
  nadirMax: 2,
  maxJobs: 1,
  jobRate: 0.3,
  faultRate: 0.003,
  seed: 657_337_771,
};

function chanceFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function newWorld(config: Config): World {
  return {
    now: 1_000_000,
    config,
    chance: chanceFrom(config.seed),
    hasFaults: true,
    machineHash: 'h1',
    frozen: false,
    backoffUntil: 0,
    count: 0,
    jobs: [],
    machines: [],
  };
}

function happens(world: World, probability: number): boolean {
  return world.chance() < probability;
}

function mostMachines({ config }: World): number {
  return Math.min(config.apexMax, Math.ceil(config.concurrent / config.jobsPerRunner));
}

function isCut(world: World, machine: Machine): boolean {
  return machine.cutUntil > world.now;
}

/** It may get a job from GitLab right now. */
function isAsking(world: World, machine: Machine): boolean {
  if (!machine.exists || machine.isBroken || machine.facts.agent === undefined) return false;
  if (machine.told !== 'run' || hasHadItsJobs(world, machine)) return false;
  return world.now - machine.heardAt < 15 * minuteMs;
}

function hasHadItsJobs({ config }: World, machine: Machine): boolean {
  const all = machine.jobsDone + machine.running.length;
  return config.maxJobs !== undefined && all >= config.maxJobs;
}

function runJobs(world: World): void {
  for (const machine of world.machines) {
    const before = machine.running.length;
    machine.running = machine.running.filter(({ endsAt }) => endsAt > world.now);
    machine.jobsDone += before - machine.running.length;
    if (before > 0 && machine.running.length === 0) machine.idleSince = world.now;
    while (isAsking(world, machine) && machine.running.length < world.config.jobsPerRunner) {
      const next = world.jobs.find((job) => job.registrationId === machine.facts.registrationId);
      if (next === undefined) break;
      world.jobs = world.jobs.filter((job) => job !== next);
      machine.running.push({ job: next, endsAt: world.now + next.lastsMs });
    }
    const silentMs = world.now - machine.heardAt;
    const powersOff = silentMs > 60 * minuteMs && machine.running.length === 0;
    if (machine.facts.agent !== undefined && powersOff) machine.exists = false;
  }
}

function heartbeats(world: World): void {
  for (const machine of world.machines) {
    const { facts } = machine;
    const isUp =
      machine.exists && !machine.isBroken && ['booting', 'idle', 'active', 'draining'].includes(facts.state);
    if (!isUp || isCut(world, machine) || world.now - machine.launchedAt < 2 * minuteMs) continue;
    machine.facts = {
      ...facts,
      agent: {
        state: agentState(world, machine),
        lastHeartbeat: world.now,
        runningJobs: machine.running.length,
        jobsDone: machine.jobsDone,
        ...(machine.running.length > 0 ? {} : { idleSince: machine.idleSince }),
      },
    };
    machine.heardAt = world.now;
    machine.told = facts.desired;
  }
}

function agentState(world: World, machine: Machine): AgentState {
  const isBusy = machine.running.length > 0;
  if (machine.told === 'drain' || hasHadItsJobs(world, machine)) return isBusy ? 'draining' : 'drained';
  if (machine.told === 'park' && !isBusy) return 'parked';
  return isBusy ? 'active' : 'idle';
}

/** OpenTofu and its runs. */
function applyRuns(world: World): void {
  for (const machine of world.machines) {
    const { facts } = machine;
    const ageMs = world.now - facts.stateSince;
    const isStuck = world.hasFaults && happens(world, 0.3);
    if (facts.state === 'requested' && ageMs >= heartbeatMs && !isStuck)
      setState(world, machine, 'provisioning');
    else if (facts.state === 'provisioning' && ageMs >= minuteMs && !isStuck) {
      machine.exists = true;
      machine.facts = { ...machine.facts, made: true };
      setState(world, machine, 'booting');
      machine.launchedAt = world.now;
    } else if (facts.state === 'terminating' && ageMs >= minuteMs) {
      expect(machine.exists ? machine.running.length : 0, 'nothing busy is removed').toBe(0);
      setState(world, machine, 'terminated');
    }
  }
  world.machines = world.machines.filter(({ facts }) => facts.state !== 'terminated');
}

function setState(world: World, machine: Machine, state: RunnerState): void {
  expect(mayMove(runnerStates, machine.facts.state, state), `${machine.facts.state} → ${state}`).toBe(true);
  const deadlineAt = deadlineOf(runnerStates, state, world.now);
  const { deadlineAt: _, ...rest } = machine.facts;
  machine.facts = {
    ...rest,
    state,
    stateSince: world.now,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  };
}

function faults(world: World): void {
  if (happens(world, world.config.jobRate) && world.jobs.length < 12) addJob(world);
  if (happens(world, 0.03)) world.jobs = world.jobs.slice(1);
  if (happens(world, 0.01)) world.machineHash = `h${Math.floor(world.chance() * 3)}`;
  if (happens(world, 0.01)) world.frozen = !world.frozen;
  if (happens(world, 0.01)) world.backoffUntil = world.now + 5 * minuteMs;
  for (const machine of world.machines) machineFaults(world, machine);
}

function machineFaults(world: World, machine: Machine): void {
  const { faultRate } = world.config;
  if (happens(world, faultRate)) machine.cutUntil = world.now + world.chance() * 100 * minuteMs;
  if (happens(world, 0.002) && machine.running.length === 0) machine.exists = false;
  if (machine.facts.state === 'booting' && happens(world, faultRate)) machine.isBroken = true;
  if (happens(world, faultRate)) mark(world, machine);
}

function addJob(world: World): void {
  world.count++;
  const registration = registrations[happens(world, 0.7) ? 0 : 1] ?? registrations[0];
  if (registration === undefined) return;
  world.jobs.push({
    key: `gitlab.com#1#${world.count}`,
    queuedAt: world.now,
    registrationId: registration,
    lastsMs: minuteMs + world.chance() * (happens(world, 0.1) ? 150 : 15) * minuteMs,
  });
}

function mark(world: World, machine: Machine): void {
  const actions = ['drain', 'terminate', 'demote', 'promote', 'replace'] as const;
  const action = actions[Math.floor(world.chance() * actions.length)] ?? 'drain';
  const rule = happens(world, 0.5) ? 'idle_timeout' : 'a_policy';
  machine.facts = { ...machine.facts, mark: { action, rule, by: 'uglyfox', at: world.now } };
}

/** What the engine would read: proofs are asked for silent and unheard runners, and may be missing. */
function factsOf(world: World): PoolFacts {
  const { config } = world;
  const [firstRegistration] = registrations;
  return {
    now: world.now,
    egg,
    limits: {
      apex: { min: config.apexMin, max: config.apexMax },
      nadir: { min: config.nadirMax > 1 ? 1 : 0, max: config.nadirMax, idleTimeoutMs: 30 * minuteMs },
    },
    concurrent: config.concurrent,
    jobsPerRunner: config.jobsPerRunner,
    ...(config.maxJobs === undefined ? {} : { maxJobs: config.maxJobs }),
    machineHash: world.machineHash,
    heartbeatMs,
    waiting: world.jobs.map(({ key, queuedAt, registrationId: id }) => ({
      key,
      queuedAt,
      registrationId: id,
    })),
    runners: world.machines.map((machine) => withProof(world, machine)),
    frozen: world.frozen,
    backoffUntil: world.backoffUntil,
    isLeaving: false,
    ...(firstRegistration === undefined ? {} : { firstRegistration }),
    replaceShare: 0.5,
  };
}

function withProof(world: World, machine: Machine): RunnerFacts {
  const isAnswered = !world.hasFaults || happens(world, 0.7);
  return {
    ...machine.facts,
    proof: {
      ...(isAnswered ? { gitlabIdle: machine.running.length === 0 || !machine.exists } : {}),
      cloud: cloudSays(world, machine),
    },
  };
}

function cloudSays(world: World, machine: Machine): 'running' | 'gone' | 'unknown' {
  if (world.hasFaults && happens(world, 0.3)) return 'unknown';
  return machine.exists || !machine.facts.made ? 'running' : 'gone';
}

function carryOut(world: World, { moves }: PoolPlan): void {
  for (const move of moves) carryOutOne(world, move);
}

function carryOutOne(world: World, move: PoolMove): void {
  expect(move.why).toMatch(/\S/);
  expect(move.rule).toMatch(/^[a-z_]+$/);
  if (move.kind === 'launch') {
    expect(world.machines.map(({ facts }) => facts.launchKey)).not.toContain(move.launchKey);
    world.machines.push(launched(world, move));
    return;
  }
  const machine = world.machines.find(({ facts }) => facts.id === move.runnerId);
  if (machine === undefined) return;
  if (move.kind === 'desire') machine.facts = { ...machine.facts, desired: move.desired };
  if (move.kind === 'tier') machine.facts = { ...machine.facts, pool: move.pool };
  if (move.kind === 'unknown') {
    const { unknownSince: _, ...rest } = machine.facts;
    machine.facts = move.since === undefined ? rest : { ...rest, unknownSince: move.since };
  }
  if (move.kind !== 'move') return;
  const isKill = move.to === 'terminating' || move.to === 'terminated';
  if (isKill) expect(machine.facts.state, 'nothing active is ended').not.toBe('active');
  setState(world, machine, move.to);
}

function launched(world: World, move: PoolMove & { kind: 'launch' }): Machine {
  world.count++;
  return {
    facts: {
      id: runnerId(`r${world.count}`),
      state: 'requested',
      pool: move.pool,
      registrationId: move.registrationId,
      machineHash: world.machineHash,
      createdAt: world.now,
      stateSince: world.now,
      deadlineAt: world.now + 15 * minuteMs,
      made: false,
      desired: move.pool === 'apex' ? 'run' : 'park',
      failureCount: 0,
      launchKey: move.launchKey,
    },
    launchedAt: world.now,
    exists: false,
    isBroken: world.hasFaults && happens(world, 0.1),
    cutUntil: 0,
    heardAt: world.now,
    told: move.pool === 'apex' ? 'run' : 'park',
    jobsDone: 0,
    idleSince: world.now,
    running: [],
  };
}

function checkInvariants(world: World, plan: PoolPlan): void {
  const mayRun = world.machines.filter(
    (one) => one.exists && (one.running.length > 0 || isAsking(world, one)),
  );
  expect(mayRun.length, 'runners that may run jobs').toBeLessThanOrEqual(mostMachines(world));
  expect(plan.blocked).toHaveLength(world.jobs.length);
  for (const { facts } of world.machines) {
    const isStarting = ['requested', 'provisioning', 'booting', 'failed'].includes(facts.state);
    const hasProof = facts.agent === undefined;
    if (!isStarting || !hasProof || world.frozen) continue;
    expect(facts.deadlineAt ?? world.now + 1, `deadline of ${facts.state}`).toBeGreaterThan(world.now);
  }
}

function step(world: World): void {
  world.now += heartbeatMs;
  if (world.hasFaults) faults(world);
  runJobs(world);
  heartbeats(world);
  applyRuns(world);
  const plan = planPool(factsOf(world));
  carryOut(world, plan);
  checkInvariants(world, plan);
}

function endFaults(world: World): void {
  world.hasFaults = false;
  world.frozen = false;
  world.backoffUntil = 0;
  for (const machine of world.machines) {
    const { mark: _, ...rest } = machine.facts;
    machine.facts = rest;
    machine.isBroken = machine.isBroken && machine.facts.agent === undefined;
  }
}

function leftOver({ jobs, machines, machineHash }: World) {
  const silent = machines.filter(({ facts }) => facts.unknownSince !== undefined);
  const outdated = machines.filter(({ facts }) => facts.machineHash !== machineHash);
  return {
    waiting: jobs.map(({ key }) => key),
    silent: silent.map(({ facts }) => facts.state),
    outdated: outdated.map(({ facts }) => facts.state),
  };
}

function isSettled(world: World): boolean {
  return Object.values(leftOver(world)).every((left) => left.length === 0);
}

describe('planPool over time', () => {
  it('Feature: gitops-runner-orchestration, Property 14: never more runners than the max, none busy is ended, none is stuck', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const world = newWorld(config);
        for (let steps = 0; steps < 400; steps++) step(world);
      }),
      { numRuns: runs(150), examples: [[silentAfterPromotion]] },
    );
  }, 60_000);

  it('serves every waiting job once the trouble has ended, and keeps no silent runner', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const world = newWorld(config);
        for (let steps = 0; steps < 200; steps++) step(world);
        endFaults(world);
        for (let steps = 0; steps < 8_000 && !isSettled(world); steps++) step(world);

        expect(leftOver(world)).toEqual({ waiting: [], silent: [], outdated: [] });
      }),
    );
  }, 60_000);

  it('decides the same of the same facts, and leaves nothing to do when it was carried out', () => {
    fc.assert(
      fc.property(configs, fc.integer({ min: 1, max: 120 }), (config, steps) => {
        const world = newWorld(config);
        for (let count = 0; count < steps; count++) step(world);
        const facts = factsOf(world);
        const proofs = new Map(facts.runners.map((runner) => [runner.id, runner.proof]));

        const plan = planPool(facts);

        expect(planPool(facts)).toEqual(plan);
        carryOut(world, plan);
        const after = factsOf(world);
        const runners = after.runners.map(({ proof: _, ...runner }) => {
          const proof = proofs.get(runner.id);
          return proof === undefined ? runner : { ...runner, proof };
        });
        expect(planPool({ ...after, runners }).moves).toEqual([]);
      }),
      { numRuns: runs(150) },
    );
  }, 60_000);
});
