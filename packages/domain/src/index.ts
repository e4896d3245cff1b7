export type { Assignment, BindingFacts, Candidate, CiJobStatus, EggRoom } from './demand/facts.ts';
export type {
  CloudProvider,
  EggCloud,
  EggConfig,
  EggDocker,
  EggResources,
  EggRunner,
  EggScope,
  EnvironmentValue,
  Executor,
  PoolLimits,
  RunnerType,
} from './egg.ts';
export { defaultPool, machinesAtMost } from './egg.ts';
export {
  type EggName,
  eggName,
  isEggName,
  launchKey,
  physicalName,
  type RegistrationId,
  type RunnerId,
  registrationId,
  reservedNames,
  runnerId,
  type ServerProject,
  serverProject,
  serverSlug,
  splitServerProject,
  systemIdOf,
} from './names.ts';
export { defaultUglyFox, type MarkAction, type PolicyRule, type UglyFoxConfig } from './policies.ts';
export type {
  AgentState,
  Desired,
  PoolFacts,
  PoolMove,
  PoolPlan,
  RunnerFacts,
  WaitCause,
  WaitingJob,
} from './pool/facts.ts';
export type { CompiledRule, PruneDecision, PruneFacts, PruneMark, PruneRunner } from './prune/facts.ts';
export {
  type DeploymentState,
  deadlineOf,
  deploymentStates,
  isLive,
  mayMove,
  type PlanStatus,
  planStates,
  type RunnerState,
  type RunState,
  runnerStates,
  runStates,
  type StateRule,
  type StateTable,
} from './states.ts';
