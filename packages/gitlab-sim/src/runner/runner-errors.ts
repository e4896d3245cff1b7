import { defineErrors } from '@polar-gosling/kernel';

export const runnerErrors = defineErrors('SIM_RUNNER', {
  usage: { message: (p: { problem: string }) => p.problem, http: 400, retry: 'never' },
  badConfig: {
    message: (p: { path: string; problems: string }) => `${p.path}: ${p.problems}`,
    http: 400,
    retry: 'never',
  },
  noSuchUser: {
    message: (p: { name: string; problem: string }) => `jobs cannot run as ${p.name}: ${p.problem}`,
    http: 400,
    retry: 'never',
  },
  badJob: {
    message: (p: { problem: string }) => `the job from GitLab cannot be read: ${p.problem}`,
    http: 400,
    retry: 'never',
  },
});
