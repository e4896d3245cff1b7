export const token = 'bench-0123456789abcdef0123456789abcdef';
export const projectId = 4_711;
const at = '2026-03-04 05:06:07 UTC';

/** A Job event as GitLab sends it; about 2.4 KB. */
export function deliveryBody(): string {
  return JSON.stringify({
    object_kind: 'build',
    ref: 'main',
    tag: false,
    before_sha: '8f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c',
    sha: '1f2e3d4c5b6a79888978a6b5c4d3e2f1100f2e3d',
    retries_count: 0,
    build_id: 90_210,
    build_name: 'unit tests',
    build_stage: 'test',
    build_status: 'running',
    build_created_at: at,
    build_started_at: at,
    build_finished_at: null,
    build_created_at_iso: '2026-03-04T05:06:07Z',
    build_started_at_iso: '2026-03-04T05:06:07Z',
    build_finished_at_iso: null,
    build_duration: 1.5,
    build_queued_duration: 3.25,
    build_allow_failure: false,
    build_failure_reason: 'unknown_failure',
    pipeline_id: 5_150,
    runner: {
      id: 12,
      description: 'runner-12',
      runner_type: 'project_type',
      active: true,
      is_shared: false,
      tags: ['linux', 'docker'],
    },
    project_id: projectId,
    project_name: 'group / my-app',
    user: {
      id: 7,
      name: 'A Person',
      username: 'person',
      avatar_url: 'https://gitlab.example.com/uploads/-/system/user/avatar/7/avatar.png',
      email: '[REDACTED]',
    },
    commit: commitBlock(),
    ...projectBlocks(),
    environment: null,
  });
}

/** Everything but the id, which each delivery has for itself. */
export function deliveryHeaders(): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'x-gitlab-event': 'Job Hook',
    'x-gitlab-token': token,
    'x-gitlab-instance': 'https://gitlab.example.com',
    'x-gitlab-webhook-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e',
    'user-agent': 'GitLab/19.4.1',
  };
}

function commitBlock() {
  return {
    id: 5_150,
    name: null,
    sha: '1f2e3d4c5b6a79888978a6b5c4d3e2f1100f2e3d',
    message: 'Make the second test as good as the first\n\nIt could not fail.',
    author_name: 'A Person',
    author_email: '[REDACTED]',
    author_url: 'https://gitlab.example.com/person',
    status: 'running',
    duration: null,
    started_at: at,
    finished_at: null,
    started_at_iso: '2026-03-04T05:06:07Z',
    finished_at_iso: null,
  };
}

function projectBlocks() {
  const url = 'https://gitlab.example.com/group/my-app';
  return {
    repository: {
      name: 'my-app',
      url: 'git@gitlab.example.com:group/my-app.git',
      description: 'An application',
      homepage: url,
      git_http_url: `${url}.git`,
      git_ssh_url: 'git@gitlab.example.com:group/my-app.git',
      visibility_level: 0,
    },
    project: {
      id: projectId,
      name: 'my-app',
      description: 'An application',
      web_url: url,
      avatar_url: null,
      git_ssh_url: 'git@gitlab.example.com:group/my-app.git',
      git_http_url: `${url}.git`,
      namespace: 'group',
      visibility_level: 0,
      path_with_namespace: 'group/my-app',
      default_branch: 'main',
      ci_config_path: '',
    },
  };
}
