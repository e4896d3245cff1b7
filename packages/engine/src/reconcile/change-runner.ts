import { deadlineOf, type PoolMove, type RunnerState, runnerStates } from '@polar-gosling/domain';
import type { Row, RunnerRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { auditWrite, member, memberWrite } from '../rows/writes.ts';
import type { Step } from './step.ts';

const terminatedKeptMs = 30 * 86_400_000;

/** The writes of all moves of one runner: its row, its member row, one audit row. */
export function changeWrites(deps: InternalDeps, at: { row: RunnerRow; moves: readonly PoolMove[] }): Step {
  const { row, moves } = at;
  const set = Object.assign({}, ...moves.map((move) => columnsOf(move, row, deps.clock.now())));
  const to = stateAfter(row, moves);
  const writes: Write[] = [
    {
      kind: 'update',
      key: { table: 'runners', partition: row.id },
      set: to === 'terminated' ? { ...set, expires_at: deps.clock.now() + terminatedKeptMs } : set,
      when: { kind: 'version', version: row.version },
    },
    auditWrite(
      {
        actor: 'reconcile',
        action: actionOf(moves),
        resourceType: 'runner',
        resourceId: row.id,
        details: {
          egg: row.egg_name,
          before: { state: row.state, pool: row.pool, desired: row.desired },
          changes: moves.map((move) => ({ ...move, runnerId: undefined })),
        },
      },
      deps,
    ),
  ];
  if (to !== row.state) {
    writes.push(memberWrite(row.egg_name, member.runner(row.id), to === 'terminated' ? undefined : to));
    deps.log.info('a runner changes its state', {
      egg: row.egg_name,
      runnerId: row.id,
      state: to,
      reason: actionOf(moves),
    });
  }
  if (clearsMark(to, moves)) {
    writes.push({ kind: 'delete', key: { table: 'marks', partition: row.id }, when: { kind: 'any' } });
  }
  return {
    writes,
    shard: to === 'terminating' && to !== row.state ? row.shard : undefined,
    ...failedBoot(row, moves),
    ...bootTimes(row, { to, now: deps.clock.now() }),
  };
}

function bootTimes(row: RunnerRow, { to, now }: { to: RunnerState; now: number }): Partial<Step> {
  const isStarting = row.state === 'provisioning' || row.state === 'booting';
  if (!isStarting || (to !== 'idle' && to !== 'active')) return {};
  // Heard before its apply has ended: it took no time after that.
  const bootMs = row.state === 'booting' ? Math.max(0, now - row.state_since) : 0;
  return { booted: { bootMs, totalMs: Math.max(0, now - row.created_at) } };
}

function columnsOf(move: PoolMove, row: RunnerRow, now: number): Row {
  switch (move.kind) {
    case 'move':
      return {
        state: move.to,
        state_since: now,
        deadline_at: deadlineOf(runnerStates, move.to, now),
        // Whoever is heard has an address in OpenTofu; what an apply was making may have one, and goes by a delete.
        ...(move.to === 'booting' || mayBeMade(row) ? { made: true } : {}),
      };
    case 'desire':
      return { desired: move.desired };
    case 'tier':
      return { pool: move.pool };
    case 'unknown':
      return { unknown_since: move.since };
    case 'launch':
      return {};
  }
}

/** Its address exists, or an apply was under way that may have made it. */
export function mayBeMade(row: Pick<RunnerRow, 'made' | 'state'>): boolean {
  return row.made || row.state === 'provisioning';
}

function stateAfter(row: RunnerRow, moves: readonly PoolMove[]): RunnerState {
  return moves.reduce<RunnerState>((state, move) => (move.kind === 'move' ? move.to : state), row.state);
}

function actionOf(moves: readonly PoolMove[]): string {
  return [...new Set(moves.map(({ rule }) => rule))].join(', ');
}

/** A mark is done with when its runner ended or its tier changed as it asked. */
function clearsMark(to: RunnerState, moves: readonly PoolMove[]): boolean {
  return to === 'terminated' || moves.some(({ kind }) => kind === 'tier');
}

function failedBoot(row: RunnerRow, moves: readonly PoolMove[]): Pick<Step, 'failedBoot'> {
  const hasFailed = moves.some((move) => move.kind === 'move' && move.to === 'failed');
  const isStarting = row.state === 'requested' || row.state === 'provisioning' || row.state === 'booting';
  if (!hasFailed || !isStarting) return {};
  const isExcused = row.state === 'requested';
  return { failedBoot: { configHash: row.config_hash, deploymentId: row.deployment_id, isExcused } };
}
