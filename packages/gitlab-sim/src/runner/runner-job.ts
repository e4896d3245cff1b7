import { isObject } from '../http/fields.ts';
import { runnerErrors } from './runner-errors.ts';

/** A job as the coordinator hands it out, reduced to what a shell runner needs. */
export interface RunnerJob {
  readonly id: number;
  readonly token: string;
  readonly name: string;
  readonly projectId: number;
  /** Address of the job's page, as gitlab-runner shows it. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly variables: readonly { readonly key: string; readonly value: string }[];
  readonly steps: readonly JobStep[];
  /** Reasons this GitLab understands. */
  readonly failureReasons: readonly string[];
}

export interface JobStep {
  readonly name: string;
  readonly script: readonly string[];
  readonly timeoutMs: number;
  readonly when: string;
}

/** Reads the 201 body of `POST jobs/request`. */
export function readRunnerJob(body: Buffer): RunnerJob {
  const root = objectOf(JSON.parse(body.toString()), 'body');
  const info = objectOf(root['job_info'], 'job_info');
  const git = objectOf(root['git_info'], 'git_info');
  const id = numberOf(root['id'], 'id');
  const repository = textOf(git['repo_url'], 'git_info.repo_url').replace(/\.git$/, '');
  return {
    id,
    token: textOf(root['token'], 'token'),
    name: textOf(info['name'], 'job_info.name'),
    projectId: numberOf(info['project_id'], 'job_info.project_id'),
    url: `${repository}/-/jobs/${id}`,
    timeoutMs:
      numberOf(objectOf(root['runner_info'], 'runner_info')['timeout'], 'runner_info.timeout') * 1000,
    variables: listOf(root['variables'], 'variables').map((item) => {
      const variable = objectOf(item, 'variables');
      return { key: textOf(variable['key'], 'key'), value: textOf(variable['value'], 'value') };
    }),
    steps: listOf(root['steps'], 'steps').map(readStep),
    failureReasons: reasonsOf(root['features']),
  };
}

function readStep(item: unknown): JobStep {
  const step = objectOf(item, 'steps');
  return {
    name: textOf(step['name'], 'steps.name'),
    script: listOf(step['script'], 'steps.script').map((line) => textOf(line, 'steps.script')),
    timeoutMs: numberOf(step['timeout'], 'steps.timeout') * 1000,
    when: textOf(step['when'], 'steps.when'),
  };
}

function reasonsOf(features: unknown): string[] {
  const reasons = isObject(features) ? features['failure_reasons'] : undefined;
  return Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === 'string') : [];
}

function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw runnerErrors.badJob({ problem: `${name} is no object` });
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw runnerErrors.badJob({ problem: `${name} is no list` });
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw runnerErrors.badJob({ problem: `${name} is no text` });
}

function numberOf(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw runnerErrors.badJob({ problem: `${name} is no number` });
}
