import { isWithin, type RunnerState } from '@polar-gosling/domain';
import type { RunnerRow } from '@polar-gosling/ports/store';
import type { TofuPlan } from '@polar-gosling/ports/tofu';
import type { AgentSeen } from './agents-seen.ts';
import { isCreatable, isTainted } from './shard-work.ts';
import { isVanished } from './strays.ts';

/** A row that does not say what OpenTofu's state says: an earlier run ended before it could write it down. */
export interface Alignment {
  readonly row: RunnerRow;
  readonly to: RunnerState;
  readonly made: boolean;
  readonly why: string;
  /** Half of it exists. */
  readonly isTainted?: true;
  /** It lives, and the state does not know it. */
  readonly isVanished?: true;
  /** Its cloud says that it is gone. */
  readonly isGone?: true;
  /** Its machine may exist, and nothing tells: its agent, as it was seen, has not logged in. */
  readonly isDoubtful?: true;
  readonly agentVersion?: number | undefined;
  /** It says nothing of its deployment. */
  readonly isExcused?: true;
  /** It is an invocation, and no row says that it was sent: the 10 minutes of its token begin with it. */
  readonly startsBootstrap?: true;
}

/**
 * Compares rows with what a plan shows of the state (every address of the state is in it, as no-op at least). `agents`:
 * of those that are being made. Pure; an empty answer means that rows and state agree.
 */
export function alignRows(
  rows: readonly RunnerRow[],
  plan: Pick<TofuPlan, 'changes' | 'gone' | 'starts'>,
  agents: ReadonlyMap<string, AgentSeen> = new Map(),
): readonly Alignment[] {
  return rows.flatMap((row) => {
    const own = plan.changes.filter(({ address }) => isWithin(address, row.address));
    const found = alignRow(row, {
      own: own.map(({ actions }) => actions),
      agent: agents.get(row.id),
      isGone: plan.gone?.includes(row.id) === true,
      isToStart: plan.starts?.some(({ runnerId }) => runnerId === row.id) === true,
    });
    return found === undefined ? [] : [found];
  });
}

/** `own`: the actions of each resource that is the runner's. */
function alignRow(
  row: RunnerRow,
  { own, ...known }: { own: readonly (readonly string[])[] } & Pick<Seen, 'agent' | 'isGone' | 'isToStart'>,
): Alignment | undefined {
  const seen = {
    ...known,
    isHalf: own.some((actions) => actions.includes('create') && actions.includes('delete')),
    isWhole: own.length > 0 && own.every((actions) => isOnly(actions, 'no-op')),
    isWanted: own.length > 0,
    isNotThere: own.every((actions) => isOnly(actions, 'create')),
    isPart: isPartOf(new Set(own.flat())),
  };
  if (row.state === 'terminating') return alignEnding(row, seen);
  if (row.made) return alignLiving(row, seen);
  return isCreatable(row) ? alignStarting(row, seen) : undefined;
}

type Seen = Readonly<
  Record<'isGone' | 'isHalf' | 'isWhole' | 'isWanted' | 'isNotThere' | 'isPart' | 'isToStart', boolean>
> & {
  readonly agent: AgentSeen | undefined;
};

function alignStarting(row: RunnerRow, seen: Seen): Alignment | undefined {
  if (seen.isHalf) {
    return { row, to: 'failed', made: true, isTainted: true, why: 'an earlier run made half of it' };
  }
  // Its agent may be at work already: it must not share the fate of the apply that follows.
  if (seen.isWhole) {
    if (seen.isToStart && !seen.agent?.hasLoggedIn) {
      const why = 'an earlier run recorded it, and nothing tells that it was started';
      return { row, to: 'provisioning', made: false, startsBootstrap: true, why };
    }
    return { row, to: 'booting', made: true, why: 'an earlier run made it before it was ended' };
  }
  // On this host it is started at most once; a cloud would make another.
  const isUnproved = seen.isNotThere || seen.isPart;
  if (row.state !== 'provisioning' || row.cloud_provider === 'local' || !isUnproved) return undefined;
  if (seen.agent?.hasLoggedIn) {
    const why = 'its agent has logged in, and no state tells of it: it lives on';
    return { row, to: 'booting', made: true, isVanished: true, why };
  }
  const why = 'an earlier run began it, and no state tells of it: its machine may exist';
  return {
    row,
    to: 'failed',
    made: true,
    isDoubtful: true,
    agentVersion: seen.agent?.version,
    isExcused: true,
    why,
  };
}

function alignLiving(row: RunnerRow, seen: Seen): Alignment | undefined {
  if (seen.isPart && !isTainted(row)) {
    const why =
      'its cloud does not know a part of its machine any more: it finishes its jobs, and another takes its place';
    return { row, to: isServing(row.state) ? 'draining' : row.state, made: true, isTainted: true, why };
  }
  if (!seen.isWanted || !seen.isNotThere || isVanished(row)) return undefined;
  if (seen.isGone) {
    const why = 'its cloud does not know its machine any more: it leaves the bundle';
    return { row, to: row.state, made: true, isVanished: true, isGone: true, why };
  }
  const why = 'the state does not name it: it leaves the bundle and lives on';
  return { row, to: row.state, made: true, isVanished: true, why };
}

function alignEnding(row: RunnerRow, seen: Seen): Alignment | undefined {
  if ((seen.isHalf || seen.isPart) && !isTainted(row)) {
    return {
      row,
      to: 'terminating',
      made: true,
      isTainted: true,
      why: 'half of it exists: it is removed first',
    };
  }
  const why = 'it is not in the state any more';
  return seen.isNotThere ? { row, to: 'terminated', made: row.made, why } : undefined;
}

/** It is there but for some part, which a plan would make again. */
function isPartOf(actions: ReadonlySet<string>): boolean {
  return actions.has('create') && actions.has('no-op') && !actions.has('delete');
}

function isServing(state: RunnerState): boolean {
  return state === 'booting' || state === 'idle' || state === 'active';
}

function isOnly(actions: readonly string[], action: string): boolean {
  return actions.length === 1 && actions[0] === action;
}
