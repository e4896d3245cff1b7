export type {
  AgentCalls,
  AgentReport,
  BootstrapAnswer,
  BootstrapRequest,
  HeartbeatAnswer,
  RunnerConfig,
} from './api/agents.ts';
export type { Caller, Role } from './api/caller.ts';
export type { ApiTokens, Background, Commands } from './api/commands.ts';
export type { Engine, EngineDeps, EngineSettings } from './api/engine.ts';
export type { Events, RunEvent } from './api/events.ts';
export { type EngineMetrics, noMetrics } from './api/metrics.ts';
export type { PreviewEgg, PreviewRequest, Previews, PreviewView } from './api/previews.ts';
export type {
  EggStatusView,
  HealthView,
  PageRequest,
  Problem,
  Queries,
  RunnerView,
  WhyView,
} from './api/queries.ts';
export type { RollbackRequest, RollbackView } from './api/rollback.ts';
export type { SetDeployment, Sets } from './api/sets.ts';
export type { InstallRequest, SourceReference, ToolKind, Tools, ToolView } from './api/tools.ts';
export type { TokenCheck, WebhookAnswer, WebhookIngest, WebhookRequest } from './api/webhooks.ts';
export { caFileMostBytes } from './bind/ca-file.ts';
export { createEngine } from './create-engine.ts';
export {
  agentErrors,
  bootstrapErrors,
  caFileErrors,
  leaseErrors,
  rollbackErrors,
  tokenErrors,
} from './errors.ts';
