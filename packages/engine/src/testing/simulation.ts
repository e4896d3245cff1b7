import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { CloudMachines } from '@polar-gosling/ports/machines';
import { storeErrors } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import type { ControlPlane } from './control-plane.ts';
import type { ApplyFault } from './fake-tofu.ts';
import { addJob, type HookEvent, setStatus } from './gitlab-model.ts';
import { eggText } from './nest-texts.ts';
import { onAws, publishAgent } from './test-cloud.ts';
import { type Fault, withFaults } from './with-faults.ts';

const minuteMs = 60_000;
const maxima: Readonly<Record<string, number>> = { app: 3, lib: 2 };
const applyFaults: readonly ApplyFault[] = [
  'fails_before',
  'fails_after',
  'half',
  'ended_before',
  'ended_after',
  'killed',
];

export interface Simulation {
  readonly violations: string[];
  /** Ms until every job had ended once the faults were over; `undefined`: they did not. */
  endedAfterMs: number | undefined;
  /** Ms until no machine was left then. */
  emptyAfterMs: number | undefined;
}

interface World {
  readonly plane: ControlPlane;
  readonly chance: () => number;
  readonly violations: string[];
  hasFaults: boolean;
  process: { holder: string; isDead: boolean };
  readonly gone: Set<string>;
  delayed: HookEvent[];
}

/** 20 minutes of work with every fault there is, then calm. Everything by `chance`, so that a seed replays. */
export async function simulate(plane: ControlPlane, chance: () => number): Promise<Simulation> {
  const first = { holder: 'p1', isDead: false };
  const world: World = {
    plane,
    chance,
    violations: [],
    hasFaults: true,
    process: first,
    gone: new Set(),
    delayed: [],
  };
  plane.model.projects.set(1, 'group/app').set(2, 'group/lib');
  plane.git.commit(nestFiles(2));
  await publishAgent(plane);
  setFaults(world);
  startProcess(world);
  for (let second = 0; second < 20 * 60; second++) {
    await cause(world);
    await plane.run(1_000);
    await checkAll(world);
  }
  return calmDown(world);
}

async function calmDown(world: World): Promise<Simulation> {
  const { plane } = world;
  world.hasFaults = false;
  plane.git.commit(nestFiles(2));
  const isOver = () =>
    [...plane.model.jobs.values()].every(({ status }) => status !== 'pending' && status !== 'running');
  const endedAfterMs = await waitFor(world, 5_000, isOver);
  const emptyAfterMs = await waitFor(world, 15_000, () => plane.tofu.machines.size === 0);
  await plane.stop();
  const found = [...world.violations, ...plane.tofu.violations];
  found.push(...plane.recording.unaudited.map((id) => `${id} changed its state without an audit row`));
  found.push(...(await plane.recording.leftPlans()).map((id) => `plan ${id} is being applied by no run`));
  return { violations: [...new Set(found)], endedAfterMs, emptyAfterMs };
}

async function waitFor(world: World, stepMs: number, isSo: () => boolean): Promise<number | undefined> {
  const from = world.plane.clock.now();
  while (!isSo()) {
    if (world.plane.clock.now() - from > 120 * minuteMs) return undefined;
    await world.plane.run(stepMs, stepMs);
    await checkAll(world);
  }
  return world.plane.clock.now() - from;
}

function nestFiles(cpu: number, without?: string): Record<string, string> {
  const app = eggText('app', { project: 1, tags: ['linux'], concurrent: 3 });
  const lib = eggText('lib', { project: 2, tags: ['linux', 'big'], concurrent: 2, more: onAws });
  const sized = app.replace('  type = "vm"', `  type = "vm"\n  resources {\n    cpu = ${cpu}\n  }`);
  const files = { 'Eggs/app/config.fly': sized, 'Eggs/lib/config.fly': lib };
  return Object.fromEntries(Object.entries(files).filter(([path]) => path !== `Eggs/${without}/config.fly`));
}

const happens = (world: World, probability: number) => world.hasFaults && world.chance() < probability;

/** What people, GitLab and bad luck do in one second. */
async function cause(world: World): Promise<void> {
  const { plane, chance } = world;
  if (chance() < 0.02) {
    const isLib = chance() < 0.4;
    addJob(plane.model, {
      projectId: isLib ? 2 : 1,
      tags: isLib ? ['big'] : ['linux'],
      lastsMs: 5_000 + chance() * 4 * minuteMs,
    });
  }
  const waiting = [...plane.model.jobs.values()].find(({ status }) => status === 'pending');
  if (waiting && chance() < 0.003) setStatus(plane.model, waiting, 'canceled');
  if (chance() < 0.001)
    plane.git.commit(nestFiles(2 + Math.floor(chance() * 3), chance() < 0.3 ? 'lib' : undefined));
  const agents = [...plane.agents.all.values()].filter(({ isDead }) => !isDead);
  const unlucky = agents[Math.floor(chance() * agents.length)];
  if (unlucky && chance() < 0.002) plane.agents.kill(unlucky.machine.runnerId);
  else if (unlucky && chance() < 0.003) unlucky.silentUntil = plane.clock.now() + chance() * 5 * minuteMs;
  if (chance() < 0.003) await crash(world);
}

async function crash(world: World): Promise<void> {
  const { plane, process, chance } = world;
  process.isDead = true;
  await plane.stop();
  // An embedded instance sees that the process is gone; elsewhere its leases have to run out.
  if (chance() < 0.5) world.gone.add(process.holder);
  await plane.run(Math.floor(chance() * 5) * 1_000);
  world.process = { holder: `p${Number(process.holder.slice(1)) + 1}`, isDead: false };
  startProcess(world);
}

function startProcess(world: World): void {
  const { process, gone } = world;
  world.plane.start(process.holder, (deps) => ({
    ...wrapPorts(world, process, deps),
    isHolderGone: (holder) => gone.has(holder),
  }));
}

function wrapPorts(world: World, process: World['process'], deps: EngineDeps): EngineDeps {
  const dead = storeErrors.unavailable({ op: 'anything: the process is dead' });
  const wrap = <Port extends object>(port: Port, faultOf: () => Fault | undefined) =>
    withFaults(port, () => (process.isDead ? { error: dead } : faultOf()));
  const when = () => (world.chance() < 0.5 ? 'before' : 'after');
  const store = () =>
    happens(world, 0.003) ? { error: storeErrors.unavailable({ op: 'commit' }), when: when() } : undefined;
  const gitlab = (): Fault | undefined =>
    happens(world, 0.1) ? { error: gitlabFault(world), when: when() } : undefined;
  return {
    ...deps,
    store: wrap(deps.store, store as () => Fault | undefined),
    queue: wrap(deps.queue, () => undefined),
    gitlab: {
      reader: wrap(deps.gitlab.reader, gitlab),
      hooks: wrap(deps.gitlab.hooks, gitlab),
      runners: wrap(deps.gitlab.runners, gitlab),
    },
    tofu: wrap(deps.tofu, () => undefined),
    machines: wrap(deps.machines, gitlab),
    cloudMachines: {
      aws: wrap(deps.cloudMachines?.aws ?? noMachines, gitlab),
      yandex: wrap(deps.cloudMachines?.yandex ?? noMachines, gitlab),
    },
  };
}

const noMachines: CloudMachines = { list: async () => [], status: async () => undefined };

function gitlabFault(world: World): unknown {
  return world.chance() < 0.5
    ? gitlabErrors.rateLimited({ server: 'gitlab.com', retryAfterMs: 1_000 })
    : gitlabErrors.unreachable({ server: 'gitlab.com', reason: '502' });
}

function setFaults(world: World): void {
  const { plane, chance } = world;
  plane.tofu.nextApply = () =>
    happens(world, 0.25) ? (applyFaults[Math.floor(chance() * applyFaults.length)] ?? 'ok') : 'ok';
  plane.tofu.failureClass = 'retryable';
  plane.tofu.nextPlan = () => (happens(world, 0.05) ? 'fails' : 'ok');
  plane.agents.comesUp = () => !happens(world, 0.1);
  plane.agents.jobResult = () => (chance() < 0.8 ? 'success' : 'failed');
  plane.route = (events) => routeBadly(world, events);
  plane.tofu.onRemove = ({ runnerId }) => {
    const agent = plane.agents.all.get(runnerId);
    const isBusy = agent !== undefined && !agent.isDead && agent.jobs.length > 0;
    if (isBusy) world.violations.push(`${runnerId} was removed while it ran a job`);
  };
}

/** Webhooks that are lost, doubled, late and out of order. */
function routeBadly(world: World, events: readonly HookEvent[]): readonly HookEvent[] {
  const all = [...world.delayed, ...events];
  world.delayed = [];
  const routed: HookEvent[] = [];
  for (const event of all) {
    if (happens(world, 0.15)) continue;
    if (happens(world, 0.2)) world.delayed.push(event);
    else routed.push(event, ...(happens(world, 0.1) ? [event] : []));
  }
  return happens(world, 0.3) ? routed.toReversed() : routed;
}

const ending: ReadonlySet<unknown> = new Set(['failed', 'terminating', 'terminated']);

/** What must hold at every moment. */
async function checkAll(world: World): Promise<void> {
  const { plane, violations } = world;
  const asking = new Map<string, number>();
  for (const { runnerId, entry } of plane.tofu.machines.values()) {
    const key = { table: 'runners', partition: runnerId } as const;
    const [row] = await plane.recording.store.get([key], { signal: new AbortController().signal });
    if (row === undefined || row['state'] === 'terminated')
      violations.push(`${runnerId} lives and no row tells of it`);
    const agent = plane.agents.all.get(runnerId);
    const isAsking =
      agent !== undefined && !agent.isDead && (agent.desired === 'run' || agent.jobs.length > 0);
    // Whoever has not logged in yet will be refused.
    const isRefused = agent?.answer === undefined && ending.has(row?.['state']);
    const mayTake = isAsking && !isRefused && plane.clock.now() - agent.heardAt < 15 * minuteMs;
    if (mayTake) asking.set(entry.egg_name, (asking.get(entry.egg_name) ?? 0) + 1);
  }
  for (const [egg, count] of asking) {
    const max = maxima[egg] ?? 0;
    if (count > max) violations.push(`${count} runners of ${egg} may take jobs, at most ${max} may`);
  }
}
