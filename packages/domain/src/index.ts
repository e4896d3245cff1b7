export { type AssignFacts, assignJob, moveOnAfterMs, type RankedEgg, rankEggs } from './demand/assign.ts';
export type { Assignment, BindingFacts, Candidate, CiJobStatus, EggRoom } from './demand/facts.ts';
export { applyJobStatus, isJobOver, isJobStatus, jobRank } from './demand/job-status.ts';
export { explainNoMatch, matchEggs } from './demand/match.ts';
export {
  chooseRollback,
  type DeploymentFacts,
  type RollbackChoice,
  type RollbackFacts,
} from './deployment/choose-rollback.ts';
export { type ConfigChange, configChanges } from './deployment/config-changes.ts';
export { forgottenDeployments } from './deployment/kept-deployments.ts';
export {
  isSameMachinePart,
  type MachinePart,
  machinePartOf,
  nestMachineHash,
  withMachinePart,
} from './deployment/machine-part.ts';
export { applyPin, isPinInForce, type PinFacts } from './deployment/pin.ts';
export { type ReplacedRunner, type Replacement, replacementBy } from './deployment/replaced-runners.ts';
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
export { cloudTags, type MachineOwner, ownerOf } from './entry/cloud-tags.ts';
export type { Arch, CloudComputeSettings, ComputeSettings } from './entry/compute-settings.ts';
export { type CloudRefusal, refuseCloud } from './entry/refuse-cloud.ts';
export { type EntryRequest, launchChoices, renderRunnerEntry } from './entry/render-entry.ts';
export { containerName, type RunnerEntry, sharedKeyOf } from './entry/runner-entry.ts';
export { checkTofuPlan, isWithin, type TofuChange, type TofuRow, type TofuVerdict } from './guard.ts';
export { configHash, machineHash, registrationSpecHash } from './hashes.ts';
export { checkLimits } from './limits/check-limits.ts';
export {
  bindsTogether,
  dayOf,
  type EggUse,
  type LaunchRoom,
  type LimitCode,
  launchRoom,
} from './limits/launch-room.ts';
export type { LimitRule, Limits, LimitViolation } from './limits/limits.ts';
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
export { isMarkSpent } from './pool/drain.ts';
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
export { planPool } from './pool/plan-pool.ts';
export { acceptsNoMoreAfterMs, missedHeartbeats, spareSilentMs } from './pool/silence.ts';
export { decidePrune } from './prune/decide-prune.ts';
export type { CompiledRule, PruneDecision, PruneFacts, PruneMark, PruneRunner } from './prune/facts.ts';
export { type JobNeeds, pickRunnerType, serverlessLimitMs } from './runner-type.ts';
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
export { checkSync, massDelete, type SyncFacts, type SyncVerdict } from './sync-guard.ts';
export { explainWait } from './wait/explain-wait.ts';
export type {
  StartingRunner,
  WaitAnswer,
  WaitBlocker,
  WaitFacts,
  WaitStep,
  WaitVerdict,
} from './wait/facts.ts';
