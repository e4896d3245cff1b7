import {
  type CiJobStatus,
  eggName,
  explainWait,
  matchEggs,
  planPool,
  runnerId,
  type StartingRunner,
  serverProject,
  type WaitCause,
  type WaitFacts,
} from '@polar-gosling/domain';
import type { CallOptions, CiJobRow, ProjectRow } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { WhyView } from '../api/queries.ts';
import { sees } from '../commands/sees.ts';
import { toBindings } from '../demand/apply-job.ts';
import { readRooms } from '../demand/rooms.ts';
import type { InternalDeps } from '../deps.ts';
import { type Observed, observe, waitingKey } from '../reconcile/observe.ts';
import { getRow, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { problemsOf } from './egg-status.ts';

interface WhyRequest {
  readonly server: string;
  /** Number or path. */
  readonly project: string;
  readonly jobId: number;
}

/** Why a CI job waits, step by step. `undefined`: the project is not one of ours (or not this caller's to see). */
export async function why(
  deps: InternalDeps,
  at: { caller: Caller; request: WhyRequest },
  options: CallOptions,
): Promise<WhyView | undefined> {
  const project = await findProject(deps, at.request, options);
  if (project === undefined) return undefined;
  const query = { partition: project.server_project };
  const all = await listAll(deps.store, { ...typed.bindings, query }, options);
  const bindings = all.filter(({ egg_name }) => sees(at.caller, egg_name));
  if (bindings.length === 0) return undefined;
  const key = { partition: project.server_project, sort: at.request.jobId };
  const job = await getRow(deps.store, { ...typed.ciJobs, key }, options);
  const candidates = matchEggs({ tags: job?.tags ?? [] }, toBindings(bindings));
  const rooms = await readRooms(
    deps,
    candidates.map(({ egg }) => egg),
    options,
  );
  const owner = job?.egg_name !== undefined && sees(at.caller, job.egg_name) ? job.egg_name : undefined;
  const seen = owner === undefined ? undefined : await observe(deps, owner, options);
  const facts: WaitFacts = {
    now: deps.clock.now(),
    ...(job === undefined ? {} : { job: jobFacts(job) }),
    candidates,
    rooms,
    ...eggFacts(job, seen),
    sweepAt: project.next_sweep_at,
    problems: [
      ...(seen
        ? problemsOf(seen).map(({ code, detail }) => ({ code, detail, fix: 'see gosling status' }))
        : []),
      ...hookProblems(project),
    ],
  };
  return toView({ request: at.request, project, job, facts });
}

async function findProject(
  deps: InternalDeps,
  request: WhyRequest,
  options: CallOptions,
): Promise<ProjectRow | undefined> {
  const server = request.server.toLowerCase();
  if (/^\d+$/.test(request.project)) {
    const key = { partition: serverProject(server, Number(request.project)) };
    return getRow(deps.store, { ...typed.projects, key }, options);
  }
  const query = { index: 'path', partition: `${server}#${request.project.toLowerCase()}`, limit: 1 };
  const { items } = await listPage(deps.store, { ...typed.projects, query }, options);
  return items[0];
}

function jobFacts(job: CiJobRow): NonNullable<WaitFacts['job']> {
  return {
    status: job.status as CiJobStatus, // our own word
    tags: job.tags ?? [],
    queuedAt: job.queued_at,
    ...(job.started_at === undefined ? {} : { startedAt: job.started_at }),
    ...(job.finished_at === undefined ? {} : { finishedAt: job.finished_at }),
    ...(job.runner_id === undefined ? {} : { runnerId: runnerId(job.runner_id) }),
    ...(job.failure_reason === undefined ? {} : { failureReason: job.failure_reason }),
  };
}

type EggFacts = Pick<
  WaitFacts,
  'egg' | 'cause' | 'starting' | 'backoffUntil' | 'stuckMachines' | 'lookAgainAt'
>;

function eggFacts(job: CiJobRow | undefined, seen: Observed | undefined): EggFacts {
  if (job?.egg_name === undefined || seen === undefined) return { starting: [] };
  const plan = planPool(seen.facts);
  const blocked = plan.blocked.find(({ jobKey }) => jobKey === waitingKey(job))?.cause;
  // Refused waits as a frozen one does, but no operator can unfreeze it: the problem itself says what to do.
  const cause: WaitCause | undefined = seen.refused === undefined ? blocked : undefined;
  const starting = seen.facts.runners
    .filter(({ state }) => state === 'requested' || state === 'provisioning' || state === 'booting')
    .map(
      ({ id, state, stateSince, deadlineAt }): StartingRunner => ({
        id,
        state,
        stateSince,
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
      }),
    );
  return {
    egg: eggName(job.egg_name),
    starting,
    ...(cause === undefined ? {} : { cause }),
    ...(seen.facts.backoffUntil === undefined ? {} : { backoffUntil: seen.facts.backoffUntil }),
    ...(seen.hold === undefined ? {} : { stuckMachines: seen.hold.machines }),
    ...(plan.lookAgainAt === undefined ? {} : { lookAgainAt: plan.lookAgainAt }),
  };
}

function hookProblems(project: ProjectRow): WaitFacts['problems'] {
  const status = project.alert_status;
  if (status === undefined || status === 'executable') return [];
  const detail = `GitLab has switched our webhook off (${status}); the sweep finds jobs meanwhile`;
  return [
    { code: 'HOOK_DISABLED', detail, fix: 'look at GOSLING_PUBLIC_URL: GitLab must be able to reach it' },
  ];
}

function toView(at: {
  request: WhyRequest;
  project: ProjectRow;
  job: CiJobRow | undefined;
  facts: WaitFacts;
}): WhyView {
  const { request, project, job } = at;
  const answer = explainWait(at.facts);
  return {
    job: {
      server: request.server,
      project: project.path_with_namespace,
      id: request.jobId,
      name: job?.name,
      status: job?.status,
      tags: job?.tags,
      ref: job?.ref,
      pipeline_id: job?.pipeline_id,
    },
    verdict: answer.verdict,
    since: answer.since ?? at.facts.now,
    steps: answer.steps,
    candidates: answer.candidates.map(({ egg, room, order, ...rest }) => ({
      ...rest,
      eggName: egg,
      room: room ?? 0,
      order: order ?? 0,
    })),
    ...(answer.next === undefined ? {} : { next: answer.next }),
    blockers: answer.blockers,
  };
}
