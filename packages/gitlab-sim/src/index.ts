export { parseCiYaml } from './ci/parse-ci-yaml.ts';
export { createGitlabSim } from './create-gitlab-sim.ts';
export type { ApiFault, Faults, HookFault, RateLimit } from './faults.ts';
export type {
  GitlabSim,
  GitlabSimOptions,
  JobView,
  ListenOptions,
  Members,
  NewProject,
  NewPush,
} from './gitlab-sim.ts';
export { simRunnerPath } from './runner/sim-runner-path.ts';
export type { Access, TokenScope, User } from './state/accounts.ts';
export type { Hook, HookDelivery, HookTrigger } from './state/hook.ts';
export type { JobStatus, Pipeline } from './state/job.ts';
export type { DeployKey } from './state/project.ts';
export type { Runner, RunnerManager } from './state/runner.ts';
export type { Violation } from './state/world.ts';
