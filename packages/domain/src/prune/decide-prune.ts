import { formatDuration } from '@polar-gosling/kernel';
import type { MarkAction } from '../policies.ts';
import type { RunnerState } from '../states.ts';
import type { CompiledRule, PruneDecision, PruneFacts, PruneMark, PruneRunner } from './facts.ts';

const prunable: readonly RunnerState[] = ['booting', 'idle', 'active'];

type Problem = PruneDecision['problems'][number];

/** Room of the two tiers while marks are given out: each mark takes its part of it. */
interface Room {
  apexSpare: number;
  nadirSpare: number;
  nadirFree: number;
}

/**
 * What UglyFox marks in one Egg: worn out runners, old ones, idle ones, and what the policies of the Nest say. It
 * only marks; the planner acts, and drains before it ends anything. A runner gets at most one mark; of silent ones
 * nothing is known, so nothing is decided.
 */
export function decidePrune(facts: PruneFacts): PruneDecision {
  const problems: Problem[] = [];
  const marks: PruneMark[] = [];
  const known = facts.runners.filter((runner) => prunable.includes(runner.state) && !runner.isUnknown);
  const room = measureRoom(facts, known);
  for (const runner of known.toSorted(longestIdleFirst)) {
    const mark =
      wornOut(facts, runner) ?? byPolicy(facts, runner, { room, problems }) ?? idle(facts, runner, room);
    if (mark === undefined) continue;
    marks.push(mark);
    takeRoom(room, runner, mark.action);
  }
  return { marks, problems: distinct(problems) };
}

function longestIdleFirst(a: PruneRunner, b: PruneRunner): number {
  const never = Number.POSITIVE_INFINITY;
  const order = (a.idleSince ?? never) - (b.idleSince ?? never);
  return Number.isNaN(order) || order === 0 ? a.createdAt - b.createdAt : order;
}

function measureRoom({ limits, runners }: PruneFacts, known: readonly PruneRunner[]): Room {
  const parked = runners.filter(({ pool, state }) => pool === 'nadir' && isHere(state)).length;
  return {
    apexSpare: known.filter(({ pool }) => pool === 'apex').length - limits.apex.min,
    nadirSpare: known.filter(({ pool }) => pool === 'nadir').length - limits.nadir.min,
    nadirFree: limits.nadir.max - parked,
  };
}

function isHere(state: RunnerState): boolean {
  return state === 'requested' || state === 'provisioning' || prunable.includes(state);
}

function takeRoom(room: Room, runner: PruneRunner, action: MarkAction): void {
  if (action === 'promote') {
    room.apexSpare++;
    room.nadirSpare--;
    room.nadirFree++;
    return;
  }
  if (runner.pool === 'apex') room.apexSpare--;
  else room.nadirSpare--;
  if (action === 'demote') {
    room.nadirSpare++;
    room.nadirFree--;
  } else if (runner.pool === 'nadir') room.nadirFree++;
}

/** A busy runner is marked `drain`: it finishes its jobs. */
function ending(runner: PruneRunner): 'terminate' | 'drain' {
  return runner.state === 'active' ? 'drain' : 'terminate';
}

/** Broken or too old: these go whatever the policies say and however few are left. */
function wornOut({ config, now }: PruneFacts, runner: PruneRunner): PruneMark | undefined {
  if (runner.failureCount >= config.failedThreshold) {
    return {
      runnerId: runner.id,
      action: ending(runner),
      rule: 'failed_threshold',
      why: `it failed ${runner.failureCount} times in a row; the limit is ${config.failedThreshold}`,
    };
  }
  const ageMs = now - runner.createdAt;
  if (ageMs <= config.maxAgeMs) return undefined;
  return {
    runnerId: runner.id,
    action: ending(runner),
    rule: 'max_age',
    why: `it is ${formatDuration(ageMs)} old; the limit is ${formatDuration(config.maxAgeMs)}`,
  };
}

function idle(facts: PruneFacts, runner: PruneRunner, room: Room): PruneMark | undefined {
  if (runner.state !== 'idle' || runner.idleSince === undefined || facts.waitingJobs > 0) return undefined;
  const idleMs = facts.now - runner.idleSince;
  const isApex = runner.pool === 'apex';
  const limitMs = isApex ? facts.idleTimeoutMs : facts.limits.nadir.idleTimeoutMs;
  const spare = isApex ? room.apexSpare : room.nadirSpare;
  if (idleMs <= limitMs || spare <= 0) return undefined;
  return {
    runnerId: runner.id,
    action: isApex && room.nadirFree > 0 ? 'demote' : 'terminate',
    rule: isApex ? 'idle_timeout' : 'nadir_idle_timeout',
    why: `idle for ${formatDuration(idleMs)}; the limit in ${runner.pool} is ${formatDuration(limitMs)}`,
  };
}

/** The policies of the Nest. A rule that cannot be read is reported; rules that disagree cancel each other. */
function byPolicy(
  facts: PruneFacts,
  runner: PruneRunner,
  { room, problems }: { room: Room; problems: Problem[] },
): PruneMark | undefined {
  const values = valuesOf(facts, runner);
  const hits: CompiledRule[] = [];
  for (const rule of facts.rules) {
    const result = rule.matches(values);
    if (result === true) hits.push(rule);
    else if (result !== false) problems.push({ rule: rule.name, problem: result.problem });
  }
  const [first] = hits;
  if (first === undefined) return undefined;
  if (hits.some(({ action }) => action !== first.action)) {
    const names = hits.map(({ name, action }) => `${name} (${action})`).join(', ');
    for (const { name } of hits) {
      problems.push({ rule: name, problem: `runner ${runner.id} matches rules that disagree: ${names}` });
    }
    return undefined;
  }
  if (!isPossible(first.action, runner, room)) return undefined;
  const action = first.action === 'terminate' ? ending(runner) : first.action;
  return {
    runnerId: runner.id,
    action,
    rule: first.name,
    why: `rule "${first.name}" of the policies holds`,
  };
}

/** A move between tiers needs the other tier and, downwards, an idle runner and room. */
function isPossible(action: MarkAction, runner: PruneRunner, room: Room): boolean {
  if (action === 'promote') return runner.pool === 'nadir';
  if (action !== 'demote') return true;
  return runner.pool === 'apex' && runner.state === 'idle' && room.nadirFree > 0 && room.apexSpare > 0;
}

/** The fields a policy may speak of; ages and times in ms, use in percent. `state` also reads the tier. */
function valuesOf({ now }: PruneFacts, runner: PruneRunner): Record<string, string | number | boolean> {
  const values: Record<string, string | number | boolean> = {
    egg: runner.egg,
    type: runner.type,
    state: runner.state,
    pool: runner.pool,
    age: now - runner.createdAt,
    idle_time: runner.idleSince === undefined ? 0 : now - runner.idleSince,
    failed_count: runner.failureCount,
    failure_count: runner.failureCount,
    job_count: runner.jobCount,
  };
  if (runner.cpuUsage !== undefined) values['cpu_usage'] = runner.cpuUsage;
  if (runner.memoryUsage !== undefined) values['memory_usage'] = runner.memoryUsage;
  if (runner.diskUsage !== undefined) values['disk_usage'] = runner.diskUsage;
  return values;
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((one) => [`${one.rule}\0${one.problem}`, one])).values()];
}
