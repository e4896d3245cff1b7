import type { CiVariable } from '../ci/ci-variable.ts';
import { failureReasons } from '../ci/retry-policy.ts';
import { httpUrl, webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job, Pipeline } from '../state/job.ts';
import { baseName, namespaceOf, type Project } from '../state/project.ts';
import type { Runner } from '../state/runner.ts';

const defaultTimeoutS = 3600;
const afterScriptTimeoutS = 300;

/** The 201 body of `POST jobs/request`: all a runner needs to run the job. */
export function jobResponse(
  context: SimContext,
  taken: { job: Job; pipeline: Pipeline; project: Project; runner: Runner },
) {
  const { job, pipeline, project, runner } = taken;
  const timeout = timeoutOf(job, runner);
  const isAllowedToFail = { allow_failure: true } as const;
  return {
    id: job.id,
    token: job.token,
    allow_git_fetch: true,
    job_info: {
      id: job.id,
      name: job.spec.name,
      stage: job.spec.stage,
      pipeline_id: pipeline.id,
      project_id: project.id,
      project_name: baseName(project.path),
      project_full_path: project.path,
      time_in_queue_seconds: (context.clock.now() - (job.pendingAtMs ?? job.createdAtMs)) / 1000,
    },
    git_info: {
      repo_url: httpUrl(context, project),
      ref: pipeline.ref,
      sha: pipeline.sha,
      before_sha: pipeline.beforeSha,
      ref_type: 'branch',
      refspecs: [`+refs/heads/${pipeline.ref}:refs/remotes/origin/${pipeline.ref}`],
      depth: 20,
      protected: project.protectedBranches.has(pipeline.ref),
    },
    runner_info: { uuid: String(runner.id), timeout },
    variables: jobVariables(context, taken).map((variable) => ({
      ...variable,
      public: true,
      file: false,
      masked: false,
      raw: true,
    })),
    steps: [
      { name: 'script', script: job.spec.script, timeout, when: 'on_success', allow_failure: false },
      ...(job.spec.afterScript.length === 0
        ? []
        : [
            {
              name: 'after_script',
              script: job.spec.afterScript,
              timeout: afterScriptTimeoutS,
              when: 'always',
              ...isAllowedToFail,
            },
          ]),
    ],
    image: { name: '' },
    services: [],
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    features: {
      trace_sections: true,
      token_mask_prefixes: ['glpat-'],
      failure_reasons: failureReasons,
    },
  };
}

/** Seconds: the job's own limit, never above the runner's. */
function timeoutOf(job: Job, runner: Runner): number {
  const own = job.spec.timeoutMs === undefined ? defaultTimeoutS : job.spec.timeoutMs / 1000;
  return Math.min(own, runner.maximumTimeout ?? own);
}

function jobVariables(
  context: SimContext,
  { job, pipeline, project, runner }: { job: Job; pipeline: Pipeline; project: Project; runner: Runner },
): CiVariable[] {
  const server = new URL(context.baseUrl());
  const predefined = {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_SERVER: 'yes',
    CI_SERVER_NAME: 'GitLab',
    CI_SERVER_URL: context.baseUrl(),
    CI_SERVER_HOST: server.hostname,
    CI_SERVER_VERSION: context.settings.version,
    CI_API_V4_URL: `${context.baseUrl()}/api/v4`,
    CI_PROJECT_ID: String(project.id),
    CI_PROJECT_NAME: baseName(project.path),
    CI_PROJECT_NAMESPACE: namespaceOf(project.path),
    CI_PROJECT_PATH: project.path,
    CI_PROJECT_URL: webUrl(context, project),
    CI_DEFAULT_BRANCH: project.defaultBranch,
    CI_PIPELINE_ID: String(pipeline.id),
    CI_PIPELINE_IID: String(pipeline.iid),
    CI_PIPELINE_SOURCE: pipeline.source,
    CI_COMMIT_SHA: pipeline.sha,
    CI_COMMIT_SHORT_SHA: pipeline.sha.slice(0, 8),
    CI_COMMIT_BRANCH: pipeline.ref,
    CI_COMMIT_REF_NAME: pipeline.ref,
    CI_JOB_ID: String(job.id),
    CI_JOB_NAME: job.spec.name,
    CI_JOB_STAGE: job.spec.stage,
    CI_JOB_URL: `${webUrl(context, project)}/-/jobs/${job.id}`,
    CI_JOB_TOKEN: job.token,
    CI_RUNNER_ID: String(runner.id),
    CI_RUNNER_DESCRIPTION: runner.description,
    CI_RUNNER_TAGS: JSON.stringify(runner.tags),
    // The simulator serves no repositories over HTTP.
    GIT_STRATEGY: 'none',
  };
  const list = Object.entries(predefined).map(([key, value]) => ({ key, value }));
  return [...list, ...pipeline.variables, ...job.spec.variables];
}
