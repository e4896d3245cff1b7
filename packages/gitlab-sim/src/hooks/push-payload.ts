import { httpUrl, sshUrl, webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import type { Commit, Project } from '../state/project.ts';
import { projectBlock, repositoryBlock } from './payload-parts.ts';

/** One branch moving from a commit to another. */
export interface PushFacts {
  readonly branch: string;
  readonly beforeSha: string;
  readonly commit: Commit;
  readonly userId: number;
  readonly changed: {
    readonly added: readonly string[];
    readonly modified: readonly string[];
    readonly removed: readonly string[];
  };
}

export function pushPayload(context: SimContext, project: Project, push: PushFacts) {
  const user = context.world.users.get(push.userId);
  const { commit } = push;
  return {
    object_kind: 'push',
    event_name: 'push',
    before: push.beforeSha,
    after: commit.sha,
    ref: `refs/heads/${push.branch}`,
    ref_protected: project.protectedBranches.has(push.branch),
    checkout_sha: commit.sha,
    message: null,
    user_id: push.userId,
    user_name: user?.name ?? '',
    user_username: user?.username ?? '',
    user_email: '',
    user_avatar: null,
    project_id: project.id,
    project: {
      ...projectBlock(context, project),
      homepage: webUrl(context, project),
      url: sshUrl(context, project),
      ssh_url: sshUrl(context, project),
      http_url: httpUrl(context, project),
    },
    commits: [
      {
        id: commit.sha,
        message: commit.title,
        title: commit.title,
        timestamp: new Date(commit.atMs).toISOString(),
        url: `${webUrl(context, project)}/-/commit/${commit.sha}`,
        author: { name: commit.authorName, email: '[REDACTED]' },
        ...push.changed,
      },
    ],
    total_commits_count: 1,
    push_options: {},
    repository: repositoryBlock(context, project),
  };
}
