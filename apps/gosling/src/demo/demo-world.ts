import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGitlabSim, type GitlabSim } from '@polar-gosling/gitlab-sim';
import type { Clock, IdSource } from '@polar-gosling/kernel';
import { runGit } from './run-git.ts';

/** A GitLab, a Nest as a real bare repository with a working copy, and a project with a pipeline; all in one folder. */
export interface DemoWorld {
  readonly dir: string;
  readonly sim: GitlabSim;
  readonly gitlabUrl: string;
  /** `host:port`, as Fly and secrets name the server. */
  readonly server: string;
  readonly apiToken: string;
  readonly nest: {
    readonly bare: string;
    readonly tree: string;
    readonly projectId: number;
    readonly path: string;
  };
  readonly project: { readonly id: number; readonly path: string };
  remove(): Promise<void>;
}

const ciYaml = `hello:
  tags: [demo]
  script:
    - echo "Hello from a runner that did not exist a moment ago"
    - uname -sm
    - echo "project $CI_PROJECT_PATH, job $CI_JOB_ID"
`;

export async function createDemoWorld(deps: {
  clock: Clock;
  ids: IdSource;
  signal: AbortSignal;
}): Promise<DemoWorld> {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), 'gosling-demo-')));
  const sim = createGitlabSim({ clock: deps.clock, ids: deps.ids });
  const remove = async () => {
    await sim.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { url } = await sim.listen({ host: '127.0.0.1', port: 0 });
    sim.addUser({ username: 'ada', name: 'Ada' });
    const members = { ada: 'owner' } as const;
    const nestProject = sim.addProject({ path: 'platform/nest', members });
    const project = sim.addProject({ path: 'platform/demo-app', ciYaml, members });
    const apiToken = sim.addToken({ user: 'ada', scopes: ['api'] });
    const bare = path.join(dir, 'nest.git');
    const tree = path.join(dir, 'nest');
    await runGit(['init', '--quiet', '--bare', '--initial-branch=main', bare], {
      cwd: dir,
      signal: deps.signal,
    });
    await runGit(['clone', '--quiet', bare, tree], { cwd: dir, signal: deps.signal });
    return {
      dir,
      sim,
      gitlabUrl: url,
      server: new URL(url).host,
      apiToken,
      nest: { bare, tree, projectId: nestProject.id, path: 'platform/nest' },
      project: { id: project.id, path: 'platform/demo-app' },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
