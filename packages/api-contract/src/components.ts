import { AgentConfig, BootstrapAnswer, BootstrapBody, HeartbeatAnswer, HeartbeatBody } from './agent.ts';
import { AuditEntry, AuditList } from './audit.ts';
import { ClearedCache } from './caches.ts';
import { CiJob, CiJobList } from './ci-jobs.ts';
import { Egg, EggList, EggStatus, ProblemNote } from './eggs.ts';
import { FreezeRequest } from './freeze.ts';
import { Health } from './health.ts';
import { Plan, PlanList } from './plans.ts';
import { Preview, PreviewEgg, PreviewRequest } from './previews.ts';
import { Problem } from './problem.ts';
import { ConfigChange, Replacement, Rollback, RollbackRequest } from './rollback.ts';
import { LaunchRequest, Runner, RunnerList, RunningJob } from './runners.ts';
import { Run, RunEvent, RunLine, RunList, RunSummary } from './runs.ts';
import { SelfJob, SelfJobList } from './self-jobs.ts';
import { Sync, SyncList, SyncRequest } from './sync.ts';
import { Task, TaskList } from './tasks.ts';
import { ApiToken, ApiTokenList, CreatedToken, CreateTokenRequest } from './tokens.ts';
import { Tool, ToolChange, ToolList, ToolRequest, ToolVersion } from './tools.ts';
import { WebhookReceipt } from './webhooks.ts';
import { Why } from './why.ts';
import { Accepted } from './wire.ts';

/** The schemas that have a name in the OpenAPI document. */
export const components = {
  Accepted,
  AgentConfig,
  ApiToken,
  ApiTokenList,
  AuditEntry,
  AuditList,
  BootstrapAnswer,
  BootstrapBody,
  CiJob,
  CiJobList,
  ClearedCache,
  ConfigChange,
  CreatedToken,
  CreateTokenRequest,
  Egg,
  EggList,
  EggStatus,
  FreezeRequest,
  Health,
  HeartbeatAnswer,
  HeartbeatBody,
  LaunchRequest,
  Plan,
  PlanList,
  Preview,
  PreviewEgg,
  PreviewRequest,
  Problem,
  ProblemNote,
  Replacement,
  Rollback,
  RollbackRequest,
  Run,
  RunEvent,
  RunLine,
  RunList,
  RunSummary,
  Runner,
  RunnerList,
  RunningJob,
  SelfJob,
  SelfJobList,
  Sync,
  SyncList,
  SyncRequest,
  Task,
  TaskList,
  Tool,
  ToolChange,
  ToolList,
  ToolRequest,
  ToolVersion,
  WebhookReceipt,
  Why,
} as const;
