import {
  type AgentState,
  acceptsNoMoreAfterMs,
  type ComputeSettings,
  type EggConfig,
  eggName,
  machinesAtMost,
  missedHeartbeats,
  type PoolFacts,
  type RunnerFacts,
  refuseCloud,
  type registrationId,
  runnerId,
  type WaitingJob,
} from '@polar-gosling/domain';
import { brand } from '@polar-gosling/kernel';
import type {
  CallOptions,
  CiJobRow,
  EggConfigRow,
  EggStateRow,
  MarkRow,
  PinRow,
  RunnerAgentRow,
  RunnerRow,
} from '@polar-gosling/ports/store';
import { registrationsOf } from '../bind/registrations-of.ts';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { type InForce, readInForce } from '../rollback/in-force.ts';
import { isByHand } from '../rows/by-hand.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type Hold, holdOf } from '../run/failing-removals.ts';
import { backoffOf } from './backoff.ts';
import { mayBeMade } from './change-runner.ts';
import { computeFor } from './compute-for.ts';
import { type LimitsSeen, observeLimits } from './limits.ts';
import { proofOf } from './proof.ts';
import { runnersOfJobs } from './runners-of-jobs.ts';

const replaceShare = 0.34;
const fullAfterReports = 3;

/** Everything reconcile knows of one Egg at one moment, from consistent reads by key. */
export interface Observed {
  /** In force: under a pin with the machines of the pinned deployment. */
  readonly egg: EggConfigRow;
  readonly config: EggConfig;
  readonly pin?: PinRow;
  /** A pin that a commit has ended. */
  readonly spentPin?: PinRow;
  readonly state: EggStateRow | undefined;
  readonly runners: ReadonlyMap<string, RunnerRow>;
  readonly agents: ReadonlyMap<string, RunnerAgentRow>;
  readonly jobs: readonly CiJobRow[];
  readonly facts: PoolFacts;
  /** What limits outside the Nest leave to it, and how launches are counted for them; absent: there are none. */
  readonly limits?: LimitsSeen;
  /** Too many of its machines cannot be removed; absent: none, or few. */
  readonly hold?: Hold;
  /** Why this installation must not, or cannot, run this Egg's jobs where it wants them; absent: it may. */
  readonly refused?: { readonly code: string; readonly detail: string };
  /** What its machines get from the installation. */
  readonly compute: ComputeSettings;
}

export async function observe(
  deps: InternalDeps,
  name: string,
  options: CallOptions,
): Promise<Observed | undefined> {
  const inForce = await readInForce(deps, name, options);
  if (inForce === undefined) return undefined;
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: name } }, options);
  return observeAs(deps, { inForce, state }, options);
}

/** As `observe`, for what would be in force, with what would be noted of it. */
export async function observeAs(
  deps: InternalDeps,
  { inForce, state }: { readonly inForce: InForce; readonly state: EggStateRow | undefined },
  options: CallOptions,
): Promise<Observed> {
  const { egg, pin, spentPin } = inForce;
  const { name } = egg;
  const config: EggConfig = egg.config;
  const { runners, agents, marks, jobs } = await readMembers(deps, name, options);

  const runnerFacts: RunnerFacts[] = [];
  for (const row of runners.values()) {
    const hasJob = jobs.some(({ status, system_id }) => status !== 'pending' && system_id === row.system_id);
    const seen = { row, agent: agents.get(row.id), mark: marks.get(row.id), hasJob };
    runnerFacts.push(await toFacts(deps, { config, seen }, options));
  }
  const [first] = registrationsOf(config);
  const compute = await computeFor(deps, config, options);
  const refused = refusal(deps, { config, compute });
  const now = deps.clock.now();
  const failing = { failures: 0, ...state, ...backoffOf({ state, runners, agents }, now) };
  const most = Math.min(config.pool.apex.max, machinesAtMost(config.runner));
  const hold = holdOf(state, { rows: runners.values(), most, now });
  const backoffUntil = Math.max(failing.backoff_until ?? 0, hold?.until ?? 0);
  const limits = await observeLimits(deps, { config, machines: runners.size }, options);
  const facts: PoolFacts = {
    now,
    egg: eggName(name),
    limits: config.pool,
    concurrent: config.runner.concurrent,
    jobsPerRunner: config.runner.jobsPerRunner,
    ...(config.runner.maxJobs === undefined ? {} : { maxJobs: config.runner.maxJobs }),
    machineHash: egg.machine_hash,
    heartbeatMs: deps.settings.heartbeatMs,
    waiting: await waitingJobs(deps, { name, jobs, agents, fallback: first?.id }, options),
    runners: runnerFacts,
    frozen: await isFrozen(deps, name, options),
    ...(refused === undefined ? {} : { isRefused: true }),
    ...(backoffUntil === 0 ? {} : { backoffUntil }),
    ...(failing.failures >= 3 ? { maxStarting: 1 } : {}),
    ...(limits === undefined ? {} : { mayLaunch: limits.room.most }),
    isLeaving: egg.status === 'draining',
    ...(first === undefined ? {} : { firstRegistration: first.id }),
    replaceShare,
  };
  return {
    egg,
    config,
    ...(pin === undefined ? {} : { pin }),
    ...(spentPin === undefined ? {} : { spentPin }),
    state,
    runners,
    agents,
    jobs,
    facts,
    ...(limits === undefined ? {} : { limits }),
    ...(hold === undefined ? {} : { hold }),
    ...(refused === undefined ? {} : { refused }),
    compute,
  };
}

/** Every live runner of an Egg with what its agent and UglyFox say, and its open CI jobs. */
async function readMembers(deps: InternalDeps, egg: string, options: CallOptions) {
  const { store } = deps;
  const members = await listAll(store, { ...typed.eggMembers, query: { partition: egg } }, options);
  const ids = members.flatMap(({ item }) =>
    item.startsWith('runner#') ? [item.slice('runner#'.length)] : [],
  );
  const keys = ids.map((partition) => ({ partition }));
  const runners = await getRows(store, { ...typed.runners, keys }, options);
  const agents = await getRows(store, { ...typed.runnerAgents, keys }, options);
  const marks = await getRows(store, { ...typed.marks, keys }, options);
  return {
    runners: new Map(runners.map((row) => [row.id, row])),
    agents: new Map(agents.map((row) => [row.runner_id, row])),
    marks: new Map(marks.map((row) => [row.runner_id, row])),
    jobs: await getRows(store, { ...typed.ciJobs, keys: members.flatMap(jobKey) }, options),
  };
}

/** Local runners are refused where nothing keeps a job away from us, machines in a cloud where it is not set up. */
function refusal(
  { settings }: InternalDeps,
  { config, compute }: { config: EggConfig; compute: ComputeSettings },
): Observed['refused'] {
  if (config.cloud.provider !== 'local') {
    return refuseCloud(config, { compute, publicUrl: settings.publicUrl });
  }
  const detail = config.scopes
    .map(({ server }) => settings.refuseLocal(server))
    .find((why) => why !== undefined);
  return detail === undefined ? undefined : { code: 'LOCAL_REFUSED', detail };
}

function jobKey({ item }: { item: string }): { partition: string; sort: number }[] {
  if (!item.startsWith('job#')) return [];
  const rest = item.slice('job#'.length);
  const at = rest.lastIndexOf('#');
  return [{ partition: rest.slice(0, at), sort: Number(rest.slice(at + 1)) }];
}

async function waitingJobs(
  deps: InternalDeps,
  at: {
    name: string;
    jobs: readonly CiJobRow[];
    agents: ReadonlyMap<string, RunnerAgentRow>;
    fallback: ReturnType<typeof registrationId> | undefined;
  },
  options: CallOptions,
): Promise<WaitingJob[]> {
  // One that an agent has already needs no runner, though GitLab has not told us yet that it runs.
  const holderOf = runnersOfJobs(at.agents);
  const pending = at.jobs.filter((job) => job.status === 'pending' && holderOf(job) === undefined);
  const keys = [...new Set(pending.map((job) => job.server_project))].map((partition) => ({
    partition,
    sort: at.name,
  }));
  const bindings = await getRows(deps.store, { ...typed.bindings, keys }, options);
  const byProject = new Map(bindings.map((row) => [row.server_project, row.registration_id]));
  return pending.flatMap((job) => {
    const registration = byProject.get(job.server_project) ?? at.fallback;
    if (registration === undefined) return [];
    return [
      {
        key: waitingKey(job),
        queuedAt: job.queued_at,
        registrationId: brand<WaitingJob['registrationId']>(registration),
      },
    ];
  });
}

/** Name of a waiting job in planner facts and launch keys. */
export function waitingKey(job: { server_project: string; job_id: number }): string {
  return `${job.server_project}#${job.job_id}`;
}

interface Seen {
  readonly row: RunnerRow;
  readonly agent: RunnerAgentRow | undefined;
  readonly mark: MarkRow | undefined;
  /** An open CI job names it. */
  readonly hasJob: boolean;
}

async function toFacts(
  deps: InternalDeps,
  at: { config: EggConfig; seen: Seen },
  options: CallOptions,
): Promise<RunnerFacts> {
  const { row, agent, mark } = at.seen;
  const silentMs = agent?.last_heartbeat === undefined ? 0 : deps.clock.now() - agent.last_heartbeat;
  const isSilent = silentMs >= missedHeartbeats * deps.settings.heartbeatMs;
  const isFree = agent?.current_jobs.length === 0 && !at.seen.hasJob;
  const asked = {
    ...{ row, config: at.config, isFree, askGitlab: silentMs > acceptsNoMoreAfterMs },
    // Rows of earlier releases do not tell.
    livedAt: agent?.logged_in_at ?? agent?.last_heartbeat ?? deps.clock.now(),
  };
  const proof = isSilent ? await proofOf(deps, asked, options) : undefined;
  const isFull = await isOverThreshold(deps, { row, config: at.config }, options);
  return {
    id: runnerId(row.id),
    state: row.state,
    pool: row.pool,
    registrationId: brand<RunnerFacts['registrationId']>(row.registration_id),
    machineHash: row.machine_hash,
    createdAt: row.created_at,
    stateSince: row.state_since,
    launchKey: row.launch_key,
    ...(isByHand(row) ? { isByHand: true } : {}),
    ...(row.deadline_at === undefined ? {} : { deadlineAt: row.deadline_at }),
    made: mayBeMade(row),
    desired: row.desired,
    ...(agent?.last_heartbeat === undefined ? {} : { agent: agentFacts(agent, isFull) }),
    failureCount: agent?.failure_count ?? row.failure_count,
    ...(mark === undefined
      ? {}
      : { mark: { action: mark.action, rule: mark.rule, by: mark.by, at: mark.at } }),
    ...(row.unknown_since === undefined ? {} : { unknownSince: row.unknown_since }),
    ...(proof === undefined ? {} : { proof }),
  };
}

function agentFacts(agent: RunnerAgentRow, isFull: boolean): NonNullable<RunnerFacts['agent']> {
  return {
    state: (agent.reported_state ?? 'booting') as AgentState, // parsed at the HTTP edge
    lastHeartbeat: agent.last_heartbeat ?? 0,
    runningJobs: agent.current_jobs.length,
    jobsDone: agent.jobs_done,
    ...(agent.idle_since === undefined ? {} : { idleSince: agent.idle_since }),
    ...(isFull ? { isFull } : {}),
  };
}

/** At or over a threshold of the tier in each of its last 3 reports. */
async function isOverThreshold(
  deps: InternalDeps,
  at: { row: RunnerRow; config: EggConfig },
  options: CallOptions,
): Promise<boolean> {
  const { cpuThreshold, memoryThreshold } = at.config.pool.apex;
  if (cpuThreshold === undefined && memoryThreshold === undefined) return false;
  const query = {
    table: 'runner_metrics',
    partition: at.row.id,
    order: 'desc',
    limit: fullAfterReports,
  } as const;
  const { items } = await deps.store.list(query, options);
  const isOver = (value: unknown, limit: number | undefined) => limit !== undefined && Number(value) >= limit;
  return (
    items.length === fullAfterReports &&
    items.every(
      (one) => isOver(one['cpu_usage'], cpuThreshold) || isOver(one['memory_usage'], memoryThreshold),
    )
  );
}
