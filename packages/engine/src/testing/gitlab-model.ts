import { createHmac } from 'node:crypto';
import type { GitlabJob, HookSpec, RunnerSpec } from '@polar-gosling/ports/gitlab';

export interface ModelJob {
  readonly id: number;
  readonly projectId: number;
  readonly tags: readonly string[];
  readonly createdAt: number;
  readonly lastsMs: number;
  status: string;
  startedAt?: number;
  finishedAt?: number;
  systemId?: string;
}

interface ModelRegistration {
  readonly id: number;
  readonly token: string;
  spec: RunnerSpec;
  readonly projects: Set<number>;
}

export interface ModelHook {
  readonly id: number;
  readonly projectId: number;
  spec: HookSpec;
  alertStatus: string;
}

/** One delivery as it leaves GitLab. */
export interface HookEvent {
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What GitLab knows: projects, jobs, registrations, webhooks; and what it has sent. */
export interface GitlabModel {
  readonly projects: Map<number, string>;
  readonly groups: Map<number, number[]>;
  readonly jobs: Map<number, ModelJob>;
  readonly registrations: Map<number, ModelRegistration>;
  readonly hooks: Map<number, ModelHook>;
  readonly sent: HookEvent[];
  /** Which managers are at work, by `system_id`. */
  readonly managers: Map<string, { registration: number; busy: boolean }>;
  signs: boolean;
  nextId(): number;
  now(): number;
}

export function createGitlabModel(clock: { now(): number }): GitlabModel {
  let id = 0;
  return {
    projects: new Map(),
    groups: new Map(),
    jobs: new Map(),
    registrations: new Map(),
    hooks: new Map(),
    sent: [],
    managers: new Map(),
    signs: false,
    nextId: () => ++id,
    now: () => clock.now(),
  };
}

/** A new job that waits for a runner. */
export function addJob(
  model: GitlabModel,
  given: { projectId: number; tags?: readonly string[]; lastsMs?: number; status?: string },
): ModelJob {
  const job: ModelJob = {
    id: model.nextId(),
    projectId: given.projectId,
    tags: given.tags ?? ['linux'],
    createdAt: model.now(),
    lastsMs: given.lastsMs ?? 60_000,
    status: given.status ?? 'pending',
  };
  model.jobs.set(job.id, job);
  sendJobEvent(model, job);
  return job;
}

export function setStatus(model: GitlabModel, job: ModelJob, status: string): void {
  job.status = status;
  if (status === 'running') job.startedAt = model.now();
  if (['success', 'failed', 'canceled'].includes(status)) job.finishedAt = model.now();
  sendJobEvent(model, job);
}

/** A runner asks: the oldest pending job that its registration may take. */
export function takeJob(
  model: GitlabModel,
  runner: { token: string; systemId: string },
): ModelJob | undefined {
  const registration = [...model.registrations.values()].find(({ token }) => token === runner.token);
  if (registration === undefined) return undefined;
  const next = [...model.jobs.values()].find(
    (job) => job.status === 'pending' && mayTake(model, registration, job),
  );
  model.managers.set(runner.systemId, { registration: registration.id, busy: next !== undefined });
  if (next === undefined) return undefined;
  next.systemId = runner.systemId;
  setStatus(model, next, 'running');
  return next;
}

function mayTake(model: GitlabModel, { spec, projects }: ModelRegistration, job: ModelJob): boolean {
  const inScope =
    projects.has(job.projectId) ||
    (spec.scope === 'group' && (model.groups.get(spec.scopeId) ?? []).includes(job.projectId));
  const fits = job.tags.length === 0 ? spec.runUntagged : job.tags.every((tag) => spec.tags.includes(tag));
  return inScope && fits;
}

export function toGitlabJob(job: ModelJob): GitlabJob {
  const { startedAt, finishedAt, systemId } = job;
  return {
    id: job.id,
    name: `job ${job.id}`,
    status: job.status,
    tags: job.tags,
    ref: 'main',
    pipelineId: 1,
    createdAt: job.createdAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(systemId === undefined ? {} : { systemId }),
  };
}

function sendJobEvent(model: GitlabModel, job: ModelJob): void {
  sendEvent(model, {
    projectId: job.projectId,
    event: 'Job Hook',
    body: {
      object_kind: 'build',
      build_id: job.id,
      build_status: job.status,
      build_name: `job ${job.id}`,
      pipeline_id: 1,
      ref: 'main',
      project_id: job.projectId,
      // What people wrote must reach no row of ours.
      user: { email: 'a.person@example.com' },
      commit: { message: 'words of a person' },
    },
  });
}

/** Sends one event to every webhook of the project that is not switched off. */
export function sendEvent(
  model: GitlabModel,
  given: { projectId: number; event: string; body: object },
): void {
  const body = new TextEncoder().encode(JSON.stringify(given.body));
  for (const hook of model.hooks.values()) {
    if (hook.projectId !== given.projectId || hook.alertStatus !== 'executable') continue;
    const id = `delivery-${model.nextId()}`;
    const timestamp = String(Math.floor(model.now() / 1000));
    const signature = model.signs ? sign(hook.spec, { id, timestamp, body }) : undefined;
    const headers = {
      'x-gitlab-event': given.event,
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(signature === undefined ? {} : { 'webhook-signature': signature }),
    };
    model.sent.push({ token: hook.spec.token.reveal(), headers, body });
  }
}

function sign(spec: HookSpec, at: { id: string; timestamp: string; body: Uint8Array }): string | undefined {
  if (spec.signingToken === undefined) return undefined;
  const key = Buffer.from(spec.signingToken.reveal().replace(/^whsec_/, ''), 'base64');
  const text = createHmac('sha256', key).update(`${at.id}.${at.timestamp}.`).update(at.body);
  return `v1,${text.digest('base64')}`;
}
