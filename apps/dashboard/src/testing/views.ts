import type { CiJob, EggStatus, Runner } from '@polar-gosling/api-contract';
import type { StatusView } from '../status-view.ts';

const shownAt = '2026-03-01T12:10:00.000Z';

export function anEggStatus(given: Partial<EggStatus> = {}): EggStatus {
  return {
    egg_name: 'my-app',
    latest_plan: null,
    deployment_history: [],
    active_runners: [aRunner()],
    config_hash: 'c1',
    machine_hash: 'm1',
    deployment: { id: 'd1', state: 'succeeded', started_at: shownAt },
    waiting_jobs: 2,
    capacity: { now: 1, starting: 1, max: 4 },
    problems: [
      {
        code: 'FLY_E001',
        detail: 'Eggs/my-app/config.fly:3: unknown attribute',
        since: '2026-03-01T12:05:00.000Z',
      },
    ],
    ...given,
  };
}

export function aRunner(given: Partial<Runner> = {}): Runner {
  return {
    id: '01hxrunner0000000000000001',
    egg_name: 'my-app',
    type: 'vm',
    state: 'active',
    pool: 'apex',
    cloud_provider: 'local',
    region: '',
    created_at: shownAt,
    last_heartbeat: '2026-03-01T12:09:30.000Z',
    jobs: [{ server: 'gitlab.com', project_id: 1, job_id: 7, since: shownAt }],
    deadline_at: null,
    why: 'launched for job 7',
    desired: 'run',
    failure_count: 0,
    system_id: 'r_1',
    config_hash: 'c1',
    machine_hash: 'm1',
    ...given,
  };
}

export function aCiJob(given: Partial<CiJob> = {}): CiJob {
  return {
    server: 'gitlab.com',
    project_id: 1,
    job_id: 8,
    name: 'test',
    status: 'pending',
    ref: 'main',
    pipeline_id: 5,
    tags: ['docker', 'large'],
    queued_at: '2026-03-01T12:00:00.000Z',
    egg_name: 'my-app',
    reason: 'starting_runner',
    ...given,
  };
}

export function aView(given: Partial<StatusView> = {}): StatusView {
  return {
    shownAt,
    eggs: [anEggStatus()],
    runners: [aRunner()],
    waiting: [aCiJob()],
    hasMore: false,
    health: {
      live: true,
      version: '0.1.0',
      dependencies: [{ name: 'store', ok: true }],
      problems: [],
      nest: {
        commit: 'abc1234def567890',
        synced_at: '2026-03-01T12:08:00.000Z',
        status: 'success',
        mode: 'webhook',
      },
    },
    ...given,
  };
}
