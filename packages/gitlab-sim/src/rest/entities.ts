import type { SimContext } from '../sim-context.ts';
import type { Group, User } from '../state/accounts.ts';
import type { Commit, Project } from '../state/project.ts';
import { baseName, namespaceOf } from '../state/project.ts';

/** GitLab's time strings, `null` for "not yet". */
export function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

/** Seconds between two moments, `null` when one is missing. */
export function secondsBetween(fromMs: number | undefined, toMs: number | undefined): number | null {
  return fromMs === undefined || toMs === undefined ? null : (toMs - fromMs) / 1000;
}

export function userEntity(context: SimContext, user: User) {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    state: 'active',
    avatar_url: null,
    web_url: `${context.baseUrl()}/${user.username}`,
  };
}

export function groupEntity(context: SimContext, group: Group) {
  return {
    id: group.id,
    web_url: `${context.baseUrl()}/groups/${group.path}`,
    name: baseName(group.path),
    path: baseName(group.path),
    visibility: 'private',
    full_name: group.path.replaceAll('/', ' / '),
    full_path: group.path,
    parent_id:
      [...context.world.groups.values()].find(({ path }) => path === namespaceOf(group.path))?.id ?? null,
  };
}

export function projectEntity(context: SimContext, project: Project) {
  const name = baseName(project.path);
  const namespace = namespaceOf(project.path);
  return {
    id: project.id,
    description: null,
    name,
    name_with_namespace: project.path.replaceAll('/', ' / '),
    path: name,
    path_with_namespace: project.path,
    created_at: isoOrNull(project.createdAtMs),
    default_branch: project.defaultBranch,
    ssh_url_to_repo: sshUrl(context, project),
    http_url_to_repo: httpUrl(context, project),
    web_url: webUrl(context, project),
    namespace: {
      id: project.groupId,
      name: baseName(namespace),
      path: baseName(namespace),
      kind: 'group',
      full_path: namespace,
    },
    visibility: 'private',
    archived: false,
    empty_repo: project.heads.size === 0,
    ci_config_path: null,
    build_timeout: 3600,
    shared_runners_enabled: true,
    group_runners_enabled: true,
  };
}

export function commitEntity(commit: Commit) {
  const at = new Date(commit.atMs).toISOString();
  return {
    id: commit.sha,
    short_id: commit.sha.slice(0, 8),
    title: commit.title,
    message: commit.title,
    author_name: commit.authorName,
    author_email: commit.authorEmail,
    created_at: at,
  };
}

export function webUrl(context: SimContext, project: Project): string {
  return `${context.baseUrl()}/${project.path}`;
}

export function httpUrl(context: SimContext, project: Project): string {
  return project.gitHttpUrl ?? `${webUrl(context, project)}.git`;
}

export function sshUrl(context: SimContext, project: Project): string {
  return project.gitSshUrl ?? `git@${new URL(context.baseUrl()).hostname}:${project.path}.git`;
}
