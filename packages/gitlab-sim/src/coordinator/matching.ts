import type { SimContext } from '../sim-context.ts';
import type { Job } from '../state/job.ts';
import { namespaceOf, type Project } from '../state/project.ts';
import type { Runner } from '../state/runner.ts';
import type { World } from '../state/world.ts';

/** Does the runner serve this project at all? */
export function isInScope(world: World, runner: Runner, project: Project): boolean {
  if (runner.scope === 'instance_type') return true;
  if (runner.scope === 'project_type') return runner.projectIds.has(project.id);
  const group = runner.groupId === undefined ? undefined : world.groups.get(runner.groupId);
  if (group === undefined) return false;
  const namespace = namespaceOf(project.path);
  return namespace === group.path || namespace.startsWith(`${group.path}/`);
}

/** Do tags, untagged rule and branch protection allow this runner to run a job? */
export function isMatching(
  runner: Pick<Runner, 'tags' | 'runsUntagged' | 'accessLevel'>,
  job: { readonly tags: readonly string[]; readonly isProtected: boolean },
): boolean {
  if (runner.accessLevel === 'ref_protected' && !job.isProtected) return false;
  if (job.tags.length === 0) return runner.runsUntagged;
  return job.tags.every((tag) => runner.tags.includes(tag));
}

/** The oldest pending job this runner may take. */
export function findJobFor({ world }: SimContext, runner: Runner): Job | undefined {
  if (runner.isPaused) return undefined;
  for (const job of world.jobs.values()) {
    if (job.status !== 'pending' || job.runnerId !== undefined) continue;
    const project = world.projects.get(job.projectId);
    const pipeline = world.pipelines.get(job.pipelineId);
    if (project === undefined || pipeline === undefined || !isInScope(world, runner, project)) continue;
    const isProtected = project.protectedBranches.has(pipeline.ref);
    if (isMatching(runner, { tags: job.spec.tags, isProtected })) return job;
  }
  return undefined;
}
