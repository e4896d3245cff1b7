import { isHeldBy } from '../ci/job-lifecycle.ts';
import type { SimContext } from '../sim-context.ts';
import type { Runner, RunnerManager } from '../state/runner.ts';
import { isoOrNull, projectEntity } from './entities.ts';

/** GitLab calls a runner online for two hours after its last contact: of no use for liveness. */
const onlineMs = 2 * 3_600_000;
const staleMs = 7 * 24 * 3_600_000;

export function runnerSummary(context: SimContext, runner: Runner) {
  const status = contactStatus(context, runner.contactedAtMs, runner.createdAtMs);
  return {
    id: runner.id,
    description: runner.description,
    ip_address: null,
    active: !runner.isPaused,
    paused: runner.isPaused,
    is_shared: runner.scope === 'instance_type',
    runner_type: runner.scope,
    name: null,
    online: runner.contactedAtMs === undefined ? null : status === 'online',
    created_at: isoOrNull(runner.createdAtMs),
    status,
    job_execution_status: managersOf(context, runner).some((manager) => isActive(context, manager))
      ? 'active'
      : 'idle',
  };
}

export function runnerEntity(context: SimContext, runner: Runner, options: { withProjects: boolean }) {
  const projects = [...runner.projectIds].flatMap((id) => context.world.projects.get(id) ?? []);
  const groups = runner.groupId === undefined ? [] : [context.world.groups.get(runner.groupId)];
  return {
    ...runnerSummary(context, runner),
    tag_list: runner.tags,
    run_untagged: runner.runsUntagged,
    locked: runner.isLocked,
    maximum_timeout: runner.maximumTimeout ?? null,
    access_level: runner.accessLevel,
    version: null,
    revision: null,
    platform: null,
    architecture: null,
    contacted_at: isoOrNull(runner.contactedAtMs),
    maintenance_note: runner.maintenanceNote ?? null,
    ...(options.withProjects && {
      projects: projects.map((project) => {
        const { id, name, name_with_namespace, path, path_with_namespace } = projectEntity(context, project);
        return { id, name, name_with_namespace, path, path_with_namespace };
      }),
    }),
    groups: groups.flatMap((group) => (group === undefined ? [] : [{ id: group.id, name: group.path }])),
  };
}

export function managerEntity(context: SimContext, manager: RunnerManager) {
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: manager.version ?? null,
    revision: manager.revision ?? null,
    platform: manager.platform ?? null,
    architecture: manager.architecture ?? null,
    created_at: isoOrNull(manager.createdAtMs),
    contacted_at: isoOrNull(manager.contactedAtMs),
    ip_address: manager.ipAddress ?? null,
    status: contactStatus(context, manager.contactedAtMs, manager.createdAtMs),
    job_execution_status: isActive(context, manager) ? 'active' : 'idle',
  };
}

export function managersOf(context: SimContext, runner: Runner): RunnerManager[] {
  return [...context.world.managers.values()].filter(({ runnerId }) => runnerId === runner.id);
}

/** `online`, `offline`, `stale` or `never_contacted`. */
export function contactStatus(
  context: SimContext,
  contactedAtMs: number | undefined,
  createdAtMs: number,
): string {
  const nowMs = context.clock.now();
  if (contactedAtMs === undefined) return nowMs - createdAtMs > staleMs ? 'stale' : 'never_contacted';
  if (nowMs - contactedAtMs < onlineMs) return 'online';
  return nowMs - contactedAtMs > staleMs ? 'stale' : 'offline';
}

function isActive(context: SimContext, manager: RunnerManager): boolean {
  return [...context.world.jobs.values()].some((job) => isHeldBy(job, manager.id));
}
