import type { Egg, EggStatus } from '@polar-gosling/api-contract';
import type { EggStatusView, Problem } from '@polar-gosling/engine';
import type { EggConfigRow } from '@polar-gosling/ports/store';
import { toWireConfig } from './egg-config.ts';
import { toWirePlan } from './plan.ts';
import { toWireRunner } from './runner.ts';
import { toTime } from './time.ts';

export function toWireEgg(row: EggConfigRow): Egg {
  return {
    name: row.name,
    kind: row.kind,
    status: row.status,
    config: toWireConfig(row.config),
    config_hash: row.config_hash,
    machine_hash: row.machine_hash,
    git_commit: row.git_commit,
    source_file: row.source_file,
    synced_at: toTime(row.synced_at),
    created_at: toTime(row.created_at),
    gitlab_server: row.gitlab_server,
    gitlab_project_id: row.gitlab_project_id,
    gitlab_group_id: row.gitlab_group_id,
    problem: row.problem,
  };
}

export function toWireEggStatus(view: EggStatusView): EggStatus {
  const { deployment, frozen, pinned } = view;
  return {
    egg_name: view.egg.name,
    latest_plan: view.latestPlan === undefined ? null : toWirePlan(view.latestPlan),
    deployment_history: view.deploymentHistory.map(toWirePlan),
    active_runners: view.activeRunners.map(toWireRunner),
    config_hash: view.egg.config_hash,
    machine_hash: view.egg.machine_hash,
    deployment:
      deployment === undefined
        ? null
        : { id: deployment.id, state: deployment.state, started_at: toTime(deployment.startedAt) },
    pinned: pinned && {
      deployment_id: pinned.deploymentId,
      git_commit: pinned.commit,
      by: pinned.by,
      why: pinned.why,
      at: toTime(pinned.at),
    },
    waiting_jobs: view.waitingJobs,
    capacity: { ...view.capacity },
    frozen: frozen && { by: frozen.by, why: frozen.why, at: toTime(frozen.at) },
    problems: view.problems.map(toWireProblem),
  };
}

export function toWireProblem({ code, detail, since }: Problem): EggStatus['problems'][number] {
  return { code, detail, since: toTime(since) };
}
