import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { signalQuietly } from '../../adapters/tofu/src/process-identity.ts';
import { never } from '../../adapters/tofu/src/test-bench.ts';
import { addJob } from '../../packages/engine/src/testing/gitlab-model.ts';
import type { CloudWorld } from './cloud-world.ts';
import type { Treatment } from './fake-cloud.ts';

const minuteMs = 60_000;

export const ways = ['SIGINT', 'two SIGINTs', 'SIGKILL', 'no state written'] as const;
export type Way = (typeof ways)[number];

/** Where OpenTofu is broken off, and what its cloud does meanwhile. */
export interface Point {
  readonly command: 'init' | 'plan' | 'show' | 'apply';
  /** Of the commands of that name: the first one, or the one that removes. */
  readonly during: 'creation' | 'removal';
  readonly afterMs: number;
  /** Of an apply: since its start, or since the cloud was first asked for something. */
  readonly from: 'start' | 'first request';
  readonly jobs: number;
  readonly fates: readonly ('done' | 'refused' | 'half-made')[];
  readonly slowMs: number;
}

export const points: fc.Arbitrary<Point> = fc.record({
  command: fc.constantFrom('init', 'plan', 'show', 'apply', 'apply', 'apply', 'apply', 'apply', 'apply'),
  during: fc.constantFrom('creation', 'creation', 'removal'),
  afterMs: fc.oneof(...[50, 50, 50, 700].map((max) => fc.nat({ max }))),
  from: fc.constantFrom('start', 'first request', 'first request'),
  jobs: fc.integer({ min: 1, max: 4 }),
  fates: fc.array(fc.constantFrom('done', 'done', 'done', 'refused', 'half-made'), { maxLength: 4 }),
  slowMs: fc.integer({ min: 50, max: 400 }),
});

export interface Broken {
  /** Was the command still at work when its end came, or did the bucket refuse a state that it wrote? */
  readonly isHit: boolean;
  /** Requests that the cloud was working on just then. */
  readonly inFlight: number;
  /** Virtual ms from the jobs' arrival until all was as wanted; `undefined`: it never was. */
  readonly doneAfterMs: number | undefined;
  readonly results: readonly string[];
  readonly problems: unknown;
}

/** So many jobs arrive; one command of OpenTofu is broken off; the world goes on until nothing is to be done. */
export async function breakOff(world: CloudWorld, point: Point & { way: Way }): Promise<Broken> {
  const { plane, cloud } = world;
  cloud.treat = treatmentOf(point);
  const sabotage = createSabotage(world, point);
  world.onProcess = sabotage.onProcess;
  const jobs = Array.from({ length: point.jobs }, () =>
    addJob(plane.model, { projectId: 1, lastsMs: minuteMs }),
  );
  const isOver = async () => {
    await sabotage.settled();
    if (jobs.some(({ status }) => status === 'pending' || status === 'running')) return false;
    return cloud.machines.size === 0 && (await liveRunners(world)).length === 0;
  };
  const doneAfterMs = await plane.runUntil(isOver, 150 * minuteMs);
  world.onProcess = () => undefined;
  const everyone = { tokenId: 't', name: 'test', role: 'admin' } as const;
  const status = await plane.engine().queries.eggStatus(everyone, 'app', { signal: never });
  return {
    ...sabotage.hit,
    doneAfterMs,
    results: jobs.map(({ status }) => status),
    problems: status?.problems,
  };
}

export async function liveRunners({ plane }: CloudWorld): Promise<readonly string[]> {
  const rows = await plane.recording.rows('runners');
  return rows.filter(({ state }) => state !== 'terminated').map(({ id }) => String(id));
}

function treatmentOf({ fates, slowMs }: Point): (asked: { method: string }) => Treatment {
  const left = [...fates];
  return ({ method }) => {
    if (method === 'GET') return {};
    const slow = { beforeMs: slowMs / 2, afterMs: slowMs / 2 };
    return method === 'POST' ? { ...slow, fate: left.shift() ?? 'done' } : slow;
  };
}

/** Breaks off the one command that the point names. */
function createSabotage(world: CloudWorld, point: Point & { way: Way }) {
  const hit = { isHit: false, inFlight: 0 };
  let isArmed = true;
  let work: Promise<void> = Promise.resolve();
  const isMeant = (command: string) =>
    isArmed && command === point.command && (point.during === 'removal') === world.cloud.machines.size > 0;
  const strike = async (pid: number) => {
    const isAsked = () => world.cloud.busy() > 0 || readCommand(pid) === '';
    if (point.command === 'apply' && point.from === 'first request') {
      while (!isAsked()) await pause(2);
    }
    await pause(point.afterMs);
    hit.isHit = readCommand(pid) !== '';
    hit.inFlight = world.cloud.busy();
    await end(pid, point.way);
  };
  /** From the command's start until some time after its end: what is left is written then, or with the next run. */
  const refuseWrites = async (pid: number) => {
    const before = world.bucket?.refusedWrites();
    world.bucket?.failWrites(true);
    while (readCommand(pid) !== '') await pause(5);
    await pause(point.afterMs * 4);
    world.bucket?.failWrites(false);
    hit.isHit = world.bucket?.refusedWrites() !== before;
  };
  return {
    hit,
    settled: () => work,
    onProcess(pid: number) {
      if (!isMeant(readCommand(pid))) return;
      isArmed = false;
      work = point.way === 'no state written' ? refuseWrites(pid) : strike(pid);
    },
  };
}

async function end(pid: number, way: Way): Promise<void> {
  if (way === 'SIGKILL') signalQuietly(pid, 'SIGKILL');
  else signalQuietly(pid, 'SIGINT');
  if (way !== 'two SIGINTs') return;
  await pause(5);
  signalQuietly(pid, 'SIGINT');
}

/** What OpenTofu was started for; empty when the process is gone. */
function readCommand(pid: number): string {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.find((arg) => ['init', 'plan', 'show', 'apply', 'import', 'state'].includes(arg)) ?? '';
  } catch {
    return '';
  }
}
