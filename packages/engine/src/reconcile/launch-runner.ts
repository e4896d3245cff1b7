import {
  deadlineOf,
  type PoolMove,
  pickRunnerType,
  renderRunnerEntry,
  runnerId,
  runnerStates,
  systemIdOf,
} from '@polar-gosling/domain';
import { sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { Row, RunnerRow } from '@polar-gosling/ports/store';
import type { RunnerEntry } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { byHandMetadata, byHandRule } from '../rows/by-hand.ts';
import { auditWrite, member, memberWrite } from '../rows/writes.ts';
import type { Observed } from './observe.ts';
import type { Step } from './step.ts';

const bootstrapTokenBytes = 32;

/**
 * A new runner: its row in `requested` with its entry rendered once and for all, its agent's row with the hash of the
 * one-time token, its member row, and the audit row.
 */
export function launchWrites(
  deps: InternalDeps,
  at: { seen: Observed; move: Extract<PoolMove, { kind: 'launch' }>; shard: number; deploymentId: string },
): Step {
  const { seen, move, shard } = at;
  const { egg } = seen;
  const id = runnerId(deps.ids.next());
  const token = deps.ids.token(bootstrapTokenBytes);
  const now = deps.clock.now();
  const entry = renderEntry(deps, { seen, id, token });
  deps.log.info('a runner is launched', {
    egg: egg.name,
    runnerId: id,
    reason: move.why,
    rule: move.rule,
    shard,
  });
  const row: Row = {
    ...configured(seen),
    id,
    type: entry.type,
    state: 'requested',
    state_since: now,
    deadline_at: deadlineOf(runnerStates, 'requested', now),
    created_at: now,
    pool: move.pool,
    system_id: systemIdOf(id),
    registration_id: move.registrationId,
    deployment_id: at.deploymentId,
    entry: new TextEncoder().encode(stableJson(entry)),
    shard,
    address: deps.tofu.addressOf(id),
    launch_key: move.launchKey,
    ...(move.rule === byHandRule ? { metadata: byHandMetadata } : {}),
    desired: move.pool === 'nadir' ? 'park' : 'run',
  };
  const details = { egg: egg.name, why: move.why, rule: move.rule, launchKey: move.launchKey, shard };
  return {
    shard,
    isLaunch: true,
    writes: [
      { kind: 'put', table: 'runners', row, when: { kind: 'absent' } },
      { kind: 'put', table: 'runner_agents', row: newAgent(id, token), when: { kind: 'absent' } },
      memberWrite(egg.name, member.runner(id), 'requested'),
      auditWrite(
        { actor: 'reconcile', action: 'launch', resourceType: 'runner', resourceId: id, details },
        deps,
      ),
    ],
  };
}

/** What no apply has begun is made in another shard than it was meant for: there it would wait for what is removed. */
export function moveLaunch(deps: InternalDeps, { row, shard }: { row: RunnerRow; shard: number }): Step {
  const key = { table: 'runners', partition: row.id } as const;
  const why = 'its shard cannot make it now';
  const details = { egg: row.egg_name, why, before: { shard: row.shard }, after: { shard } };
  return {
    shard,
    writes: [
      { kind: 'update', key, set: { shard }, when: { kind: 'version', version: row.version } },
      auditWrite(
        { actor: 'reconcile', action: 'move', resourceType: 'runner', resourceId: row.id, details },
        deps,
      ),
    ],
  };
}

/** What a new runner takes from its Egg's configuration, and what every new one starts with. */
function configured({ egg, config }: Observed): Row {
  return {
    egg_name: egg.name,
    cloud_provider: config.cloud.provider,
    region: config.cloud.region,
    deployed_from_commit: egg.git_commit,
    config_hash: egg.config_hash,
    machine_hash: egg.machine_hash,
    spot: config.cloud.spot !== 'never',
    failure_count: 0,
    made: false,
    strikes: 0,
  };
}

/** The agent is known by the hash of its one-time token only. */
function newAgent(id: string, token: string): Row {
  return {
    runner_id: id,
    bootstrap_sha256: sha256Hex(token),
    seq: 0,
    current_jobs: [],
    jobs_done: 0,
    failure_count: 0,
  };
}

function renderEntry(
  deps: InternalDeps,
  at: { seen: Observed; id: ReturnType<typeof runnerId>; token: string },
): RunnerEntry {
  const { egg, config, compute } = at.seen;
  const { installation } = deps.settings;
  return renderRunnerEntry(config, {
    runnerId: at.id,
    type: config.type === 'auto' ? pickRunnerType({}, config) : config.type,
    bootstrapToken: at.token,
    goslingUrl: agentUrlOf(deps, config.cloud.provider),
    installation,
    machineHash: egg.machine_hash,
    withoutCapacity: at.seen.state?.without_capacity ?? 0,
    compute,
  });
}

/** A machine elsewhere cannot reach us by loopback. */
function agentUrlOf({ settings }: InternalDeps, provider: string): string {
  return provider === 'local' ? settings.agentUrl : (settings.publicUrl ?? settings.agentUrl);
}
