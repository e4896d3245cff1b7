import {
  type AssignFacts,
  type Assignment,
  applyJobStatus,
  assignJob,
  type BindingFacts,
  type Candidate,
  type CiJobStatus,
  eggName,
  isJobOver,
  isJobStatus,
  jobRank,
  matchEggs,
  reservedNames,
} from '@polar-gosling/domain';
import type { BindingRow, CallOptions, CiJobRow, Unit, Write } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { dirtyWrites, member, memberWrite } from '../rows/writes.ts';
import { readRooms } from './rooms.ts';

const keptMs = 30 * 86_400_000;

/** What we heard of a CI job, from an event or from GitLab's API. Absent: not said. */
export interface JobSighting {
  readonly serverProject: string;
  readonly jobId: number;
  /** GitLab's word; one that we do not know changes nothing. */
  readonly status: string;
  readonly name: string;
  readonly ref: string;
  readonly pipelineId: number;
  readonly tags?: readonly string[];
  readonly queuedAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly systemId?: string;
  readonly failureReason?: string;
}

/** A waiting job as we know it, to choose an Egg again. */
export function sightingOf(job: CiJobRow): JobSighting {
  return {
    serverProject: job.server_project,
    jobId: job.job_id,
    status: 'pending',
    name: job.name,
    ref: job.ref,
    pipelineId: job.pipeline_id,
  };
}

/** `tags_needed`: it is pending and its tags are not known yet; read the job, then apply again. */
export type AppliedJob = 'applied' | 'unchanged' | 'tags_needed';

/** Takes a sighting into `ci_jobs`, by status rank, and gives the job's demand to one Egg. Safe to repeat. */
export async function applyJob(
  deps: EngineDeps,
  sighting: JobSighting,
  options: CallOptions & { trace: string },
): Promise<AppliedJob> {
  const { status } = sighting;
  if (!isJobStatus(status)) return 'unchanged';
  const counted: { startedWait?: CiJobRow } = {};
  const result = await commitDecision<AppliedJob>(deps.store, `CI job ${sighting.jobId}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: sighting.serverProject, sort: sighting.jobId };
      const before = await getRow(deps.store, { ...typed.ciJobs, key }, options);
      const merged = mergeSighting(before, { ...sighting, status }, deps.clock.now());
      const isOpen = isWanted(statusOf(merged));
      if (isOpen && merged.tags === undefined) return { unit: undefined, result: 'tags_needed' };
      const placed = isOpen ? await place(deps, { before, merged }, options) : closePlace(merged);
      if (before && isSame(before, placed)) return { unit: undefined, result: 'unchanged' };
      if (before?.status === 'pending' && merged.status === 'running') counted.startedWait = before;
      return { unit: jobUnit(deps, { before, after: placed, trace: options.trace }), result: 'applied' };
    },
  });
  if (counted.startedWait) countWait(deps, counted.startedWait, sighting.startedAt);
  return result;
}

type JobColumns = Omit<CiJobRow, 'version' | 'updated_at'>;

type KnownSighting = JobSighting & { readonly status: CiJobStatus };

function mergeSighting(before: CiJobRow | undefined, seen: KnownSighting, now: number): JobColumns {
  const status = before ? applyJobStatus(statusOf(before), seen.status) : seen.status;
  const ended = isJobOver(status);
  // It waits for a runner only from the moment it is pending.
  const queuedBefore = before && isWanted(statusOf(before)) ? before.queued_at : undefined;
  return {
    ...before,
    server_project: seen.serverProject,
    job_id: seen.jobId,
    status,
    rank: jobRank(status),
    tags: seen.tags ? [...seen.tags] : before?.tags,
    name: seen.name,
    pipeline_id: seen.pipelineId,
    ref: seen.ref,
    queued_at: queuedBefore ?? seen.queuedAt ?? now,
    started_at: before?.started_at ?? seen.startedAt ?? (status === 'running' ? now : undefined),
    finished_at: ended ? (before?.finished_at ?? seen.finishedAt ?? now) : undefined,
    system_id: seen.systemId ?? before?.system_id,
    failure_reason: seen.failureReason ?? before?.failure_reason,
    expires_at: isWanted(status) ? undefined : (before?.expires_at ?? now + keptMs),
  };
}

/** A runner is to take it, or has it: only then is it open, and somebody's demand. */
function isWanted(status: CiJobStatus): boolean {
  return jobRank(status) >= jobRank('pending') && !isJobOver(status);
}

function statusOf(row: Pick<CiJobRow, 'status'>): CiJobStatus {
  return row.status as CiJobStatus; // written by us from a parsed status
}

/** Chooses whose demand a pending job is; a running one stays where it was. */
async function place(
  deps: EngineDeps,
  job: { before: CiJobRow | undefined; merged: JobColumns },
  options: CallOptions,
): Promise<JobColumns> {
  const { before, merged } = job;
  if (merged.status === 'running' || merged.status === 'canceling') {
    return { ...merged, open: merged.egg_name ?? '-', reason: undefined };
  }
  const bindings = await listAll(
    deps.store,
    { ...typed.bindings, query: { partition: merged.server_project } },
    options,
  );
  const candidates = matchEggs({ tags: merged.tags ?? [] }, toBindings(bindings));
  if (candidates.length === 0) return { ...unfollowed(merged, deps.clock.now()), reason: 'no_matching_egg' };
  const matching = candidates.filter(({ matches }) => matches).map(({ egg }) => egg);
  const rooms = await readRooms(deps, matching, {
    ...options,
    except: member.job(merged.server_project, merged.job_id),
  });
  const current = before?.egg_name === undefined ? undefined : currentOf(before, before.egg_name);
  const assignment = assignJob({ candidates, rooms, now: deps.clock.now(), ...(current && { current }) });
  return {
    ...merged,
    candidates: candidates.map(toStored),
    ...placement(assignment, before, deps.clock.now()),
  };
}

function currentOf(before: CiJobRow, egg: string): NonNullable<AssignFacts['current']> {
  const blockedSince = before.blocked_since;
  return {
    egg: eggName(egg),
    isStarting: before.wait_cause === 'starting_runner',
    ...(blockedSince === undefined ? {} : { blockedSince }),
  };
}

function placement(assignment: Assignment, before: CiJobRow | undefined, now: number): Partial<JobColumns> {
  if (assignment.kind === 'none') {
    return { egg_name: undefined, open: '-', reason: assignment.reason, assigned_at: undefined };
  }
  const isSameEgg = before?.egg_name === assignment.egg;
  return {
    egg_name: assignment.egg,
    open: assignment.egg,
    reason: assignment.because,
    assigned_at: isSameEgg ? (before?.assigned_at ?? now) : now,
    blocked_since:
      assignment.because === undefined ? undefined : ((isSameEgg ? before?.blocked_since : now) ?? now),
  };
}

function closePlace(merged: JobColumns): JobColumns {
  return { ...merged, open: undefined, reason: undefined };
}

/** Of a project that no Egg serves: nobody would hear of its end, so it is not kept open. */
function unfollowed(job: JobColumns, now: number): JobColumns {
  return {
    ...job,
    egg_name: undefined,
    candidates: [],
    open: undefined,
    assigned_at: undefined,
    blocked_since: undefined,
    expires_at: now + keptMs,
  };
}

/** Lets go of a job that nobody follows any more, whatever became of it. Heard of again, it is taken up again. */
export async function unfollowJob(
  deps: EngineDeps,
  job: CiJobRow,
  options: CallOptions & { trace: string },
): Promise<void> {
  const after = unfollowed(job, deps.clock.now());
  await deps.store.commit(jobUnit(deps, { before: job, after, trace: options.trace }), options);
}

/** The Eggs of a project; the Nest's own binding takes no jobs. */
export function toBindings(rows: readonly BindingRow[]): BindingFacts[] {
  return rows.filter(({ egg_name }) => !reservedNames.includes(egg_name)).map(toBinding);
}

function toBinding(row: BindingRow): BindingFacts {
  return {
    egg: eggName(row.egg_name),
    tags: row.tags,
    runUntagged: row.run_untagged,
    ...(row.repo === undefined ? {} : { repo: row.repo }),
  };
}

function toStored(candidate: Candidate): object {
  return {
    egg: candidate.egg,
    matches: candidate.matches,
    missing: candidate.missingTags,
    extra: candidate.extraTags,
  };
}

const compared = [
  'status',
  'egg_name',
  'open',
  'reason',
  'started_at',
  'finished_at',
  'system_id',
  'failure_reason',
];

function isSame(before: CiJobRow, after: JobColumns): boolean {
  const old: Readonly<Record<string, unknown>> = before;
  const now: Readonly<Record<string, unknown>> = after;
  return (
    compared.every((column) => old[column] === now[column]) &&
    (before.tags !== undefined) === (after.tags !== undefined)
  );
}

function jobUnit(
  deps: EngineDeps,
  change: { before: CiJobRow | undefined; after: JobColumns; trace: string },
): Unit {
  const { before, after } = change;
  const {
    server_project: partition,
    job_id: sort,
    version: _version,
    updated_at: _updated,
    ...set
  } = {
    version: 0,
    updated_at: 0,
    ...after,
  };
  const item = member.job(after.server_project, after.job_id);
  const put: Write = {
    kind: 'update',
    key: { table: 'ci_jobs', partition, sort },
    set,
    when: before ? { kind: 'version', version: before.version } : { kind: 'absent' },
  };
  const wasIn = before?.open === undefined || before.open === '-' ? undefined : before.open;
  const isIn = after.open === undefined || after.open === '-' ? undefined : after.open;
  const members: Write[] = [];
  if (wasIn !== undefined && wasIn !== isIn) members.push(memberWrite(wasIn, item, undefined));
  if (isIn !== undefined) members.push(memberWrite(isIn, item, after.status));
  const touched = new Set([wasIn, isIn].filter((egg) => egg !== undefined));
  return [put, ...members, ...[...touched].flatMap((egg) => dirtyWrites(egg, { trace: change.trace }, deps))];
}

function countWait(deps: EngineDeps, before: CiJobRow, startedAt: number | undefined): void {
  const waitedMs = Math.max(0, (startedAt ?? deps.clock.now()) - before.queued_at);
  deps.metrics.jobWaited(before.wait_cause ?? 'served_by_idle', waitedMs / 1000);
}
