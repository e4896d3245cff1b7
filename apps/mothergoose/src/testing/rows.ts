import type { PreviewView, RollbackRequest, RollbackView, RunnerView } from '@polar-gosling/engine';
import type {
  ApiTokenRow,
  CiJobRow,
  EggConfigRow,
  PlanRow,
  RunnerAgentRow,
  RunnerRow,
  RunRow,
} from '@polar-gosling/ports/store';

const stored = { version: 1, updated_at: 0 };
const noonMs = Date.parse('2026-03-01T12:00:00Z');

export function anEgg(given: Partial<EggConfigRow> = {}): EggConfigRow {
  return {
    ...stored,
    name: 'my-app',
    kind: 'egg',
    config: { runner: { jobsPerRunner: 2 }, environment: { API_KEY: { secret: 'vault://kv/a#b' } } },
    config_hash: 'c1',
    machine_hash: 'm1',
    git_commit: 'abc1234',
    source_file: 'Eggs/my-app/config.fly',
    status: 'active',
    synced_at: noonMs,
    created_at: noonMs,
    ...given,
  };
}

export function aRunner(given: Partial<RunnerRow> = {}, agent: Partial<RunnerAgentRow> = {}): RunnerView {
  const row: RunnerRow = {
    ...stored,
    id: '01hxrunner0000000000000001',
    egg_name: 'my-app',
    type: 'vm',
    state: 'active',
    state_since: noonMs,
    cloud_provider: 'local',
    region: '',
    created_at: noonMs,
    failure_count: 0,
    pool: 'apex',
    system_id: 'r_1',
    registration_id: 'my-app#gitlab.com#project#1',
    config_hash: 'c1',
    machine_hash: 'm1',
    entry: new TextEncoder().encode('{"bootstrap_token":"never shown"}'),
    shard: 0,
    address: 'local_runner.a',
    spot: false,
    desired: 'run',
    made: true,
    strikes: 0,
    launch_key: 'my-app/1/0',
    ...given,
  };
  return {
    row,
    agent: {
      ...stored,
      runner_id: row.id,
      bootstrap_sha256: 'never shown',
      seq: 3,
      reported_state: 'active',
      last_heartbeat: noonMs + 1_000,
      current_jobs: [{ server: 'gitlab.com', project_id: 1, job_id: 7, since: noonMs }],
      jobs_done: 0,
      failure_count: 0,
      ...agent,
    },
    why: 'launched for job 7',
  };
}

export function aPlan(given: Partial<PlanRow> = {}): PlanRow {
  return {
    ...stored,
    id: 'plan-1',
    egg_name: 'my-app',
    plan_type: 'runner',
    kind: 'scale',
    shard: 0,
    summary: { add: 1, change: 0, destroy: 0 },
    config_hash: 'c1',
    git_commit: 'abc1234',
    created_at: noonMs,
    status: 'applied',
    ...given,
  };
}

export function aRun(given: Partial<RunRow> = {}): RunRow {
  return {
    ...stored,
    id: 'run-1',
    egg_name: 'my-app',
    shard: 0,
    state: 'applying',
    host: 'worker-1',
    boot_id: 'never shown',
    fence: 1,
    started_at: noonMs,
    hard_end_at: noonMs + 60_000,
    progress: [{ at: noonMs, kind: 'resource', message: 'Creating...', address: 'module.runner["a"]' }],
    progress_count: 3,
    ...given,
  };
}

export function aCiJob(given: Partial<CiJobRow> = {}): CiJobRow {
  return {
    ...stored,
    server_project: 'gitlab.com#1',
    job_id: 7,
    status: 'pending',
    rank: 1,
    tags: ['docker'],
    name: 'build',
    pipeline_id: 5,
    ref: 'main',
    queued_at: noonMs,
    egg_name: 'my-app',
    reason: 'starting_runner',
    ...given,
  };
}

export function aToken(given: Partial<ApiTokenRow> = {}): ApiTokenRow {
  return {
    ...stored,
    token_sha256: 'never shown',
    id: 't1',
    name: 'ci',
    role: 'read',
    created_at: noonMs,
    ...given,
  };
}

export function aRollback({ egg, unpin, dryRun }: RollbackRequest): RollbackView {
  return {
    egg,
    action: unpin ? 'unpin' : 'pin',
    dryRun,
    before: { machineHash: 'm2', commit: 'abc1234' },
    after: { machineHash: 'm1', commit: 'def5678', deployment: { id: 'd1', state: 'succeeded' } },
    changes: [
      { path: 'resources.memoryMib', before: 2, after: 1, isMachine: true },
      { path: 'environment.API_KEY.secret', after: 'vault://kv/a#b', isMachine: true },
    ],
    runners: { kept: [], replaced: ['r1'], drained: ['r2'], leaving: [] },
  };
}

export function aPreview(): PreviewView {
  const change = { path: 'environment.API_KEY.secret', after: 'vault://kv/a#b', isMachine: true };
  return {
    against: 'abc1234',
    status: 'held',
    held: [{ rule: 'removes_eggs', why: '5 of 6 eggs would be removed' }],
    eggs: [
      {
        name: 'my-app',
        file: 'Eggs/my-app/config.fly',
        change: 'changed',
        changes: [change],
        isReplaced: true,
        endsPin: true,
        launches: 0,
        runners: { kept: [], replaced: ['r1'], drained: [], leaving: [] },
      },
    ],
    unchanged: 2,
    changesPolicies: false,
    diagnostics: [],
  };
}
