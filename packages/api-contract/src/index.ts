export {
  AgentConfig,
  BootstrapAnswer,
  BootstrapBody,
  BufferedReport,
  HeartbeatAnswer,
  HeartbeatBody,
} from './agent.ts';
export { apiErrors } from './api-errors.ts';
export { AuditEntry, AuditList, AuditQuery } from './audit.ts';
export { isLoopbackHost } from './base-url.ts';
export { ClearedCache } from './caches.ts';
export { CiJob, CiJobList, CiJobQuery } from './ci-jobs.ts';
export { type ApiCallOptions, type ApiClient, type ApiClientDeps, createApiClient } from './client.ts';
export { Capacity, Egg, EggList, EggStatus, ProblemNote } from './eggs.ts';
export type { FetchAnswer, FetchInit, FetchLike } from './fetch.ts';
export { FreezeRequest } from './freeze.ts';
export { Health } from './health.ts';
export { type OpenApiDocument, openApiDocument } from './openapi.ts';
export { type ListName, listAll } from './pages.ts';
export { Plan, PlanList } from './plans.ts';
export { Preview, PreviewEgg, PreviewRequest } from './previews.ts';
export { Problem, problemMediaType } from './problem.ts';
export { ConfigChange, Replacement, Rollback, RollbackRequest } from './rollback.ts';
export type {
  AnswerOf,
  InputOf,
  RequestOf,
  Route,
  RouteAuth,
  RouteMethod,
  RouteTable,
  Success,
} from './route.ts';
export { type RouteName, type Routes, routes } from './routes.ts';
export { LaunchRequest, Runner, RunnerList, RunnerQuery, RunnerState, RunningJob } from './runners.ts';
export { Run, RunEvent, RunLine, RunList, RunSummary } from './runs.ts';
export { SelfJob, SelfJobList } from './self-jobs.ts';
export { Sync, SyncList, SyncRequest } from './sync.ts';
export { QueueCounts, Task, TaskList } from './tasks.ts';
export { ApiToken, ApiTokenList, CreatedToken, CreateTokenRequest } from './tokens.ts';
export { Tool, ToolChange, ToolList, ToolRequest, ToolSource, ToolVersion } from './tools.ts';
export { WebhookReceipt } from './webhooks.ts';
export { Why } from './why.ts';
export { Accepted, Role, Time } from './wire.ts';
