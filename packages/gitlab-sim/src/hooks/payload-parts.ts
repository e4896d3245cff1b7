import { httpUrl, sshUrl, webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import { baseName, namespaceOf, type Project } from '../state/project.ts';
import type { Runner } from '../state/runner.ts';

/** The `project` block of every event. */
export function projectBlock(context: SimContext, project: Project) {
  return {
    id: project.id,
    name: baseName(project.path),
    description: '',
    web_url: webUrl(context, project),
    avatar_url: null,
    git_ssh_url: sshUrl(context, project),
    git_http_url: httpUrl(context, project),
    namespace: namespaceOf(project.path),
    visibility_level: 0,
    path_with_namespace: project.path,
    default_branch: project.defaultBranch,
    ci_config_path: null,
  };
}

export function repositoryBlock(context: SimContext, project: Project) {
  return {
    name: baseName(project.path),
    url: sshUrl(context, project),
    description: '',
    homepage: webUrl(context, project),
    git_http_url: httpUrl(context, project),
    git_ssh_url: sshUrl(context, project),
    visibility_level: 0,
  };
}

export function userBlock(context: SimContext, userId: number) {
  const user = context.world.users.get(userId);
  return {
    id: userId,
    name: user?.name ?? '',
    username: user?.username ?? '',
    avatar_url: null,
    email: '[REDACTED]',
  };
}

/** `runner` of Job and Pipeline events: its own tags, never the job's, and never the machine. */
export function runnerBlock(runner: Runner | undefined) {
  if (runner === undefined) return null;
  return {
    id: runner.id,
    description: runner.description,
    runner_type: runner.scope,
    active: !runner.isPaused,
    is_shared: runner.scope === 'instance_type',
    tags: runner.tags,
  };
}

/** `2021-02-23 02:41:37 UTC`: the older of GitLab's two time shapes. */
export function spacedTime(atMs: number | undefined): string | null {
  return atMs === undefined ? null : `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** ISO time without fractions, as in `*_iso` fields. */
export function isoSeconds(atMs: number | undefined): string | null {
  return atMs === undefined ? null : `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
