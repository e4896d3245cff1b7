import { type RunState, runStates } from '@polar-gosling/domain';
import type { CallOptions, PlanRow, Row, RunRow, Write } from '@polar-gosling/ports/store';
import type { TofuPlan, TofuTool } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk } from '../leases/lease.ts';
import { member, memberWrite } from '../rows/writes.ts';
import { planExpiry } from './plan-in-force.ts';

const runKeptMs = 30 * 86_400_000;

/** One run in flight: its rows change as it goes on, all under the shard's lease. */
export interface RunRecord {
  readonly id: string;
  readonly planId: string;
  readonly egg: string;
  readonly shard: number;
  readonly lease: Lease;
  readonly hardEndAt: number;
}

/** The run's row, its member row and its name on the lease, in one, before any process is started. */
export async function openRun(
  deps: InternalDeps,
  at: { egg: string; shard: number; lease: Lease; hardEndAt: number; purpose: string },
  options: CallOptions,
): Promise<RunRecord> {
  const id = deps.ids.next();
  const now = deps.clock.now();
  const { purpose, ...rest } = at;
  const record = { id, planId: deps.ids.next(), ...rest };
  const unit: Write[] = [
    at.lease.noteRun(id),
    {
      kind: 'put',
      table: 'runs',
      row: {
        id,
        egg_name: at.egg,
        shard: at.shard,
        purpose,
        state: 'planning',
        host: deps.tofu.host.name,
        host_id: deps.tofu.host.id,
        boot_id: deps.tofu.host.bootId,
        fence: at.lease.fence,
        started_at: now,
        hard_end_at: at.hardEndAt,
        expires_at: now + runKeptMs,
      },
      when: { kind: 'absent' },
    },
    memberWrite(at.egg, member.run(at.shard, id), 'planning'),
  ];
  requireOk(await deps.store.commit(unit, options), `run ${id}`);
  deps.events.publish({ runId: id, egg: at.egg, shard: at.shard, state: 'planning' });
  return record;
}

/** Moves the run on; `settled` takes it off the members and off the lease. */
export async function moveRun(
  deps: InternalDeps,
  at: { run: RunRecord; to: RunState; set?: Row; also?: readonly Write[] },
  options: CallOptions,
): Promise<void> {
  const { run, to } = at;
  const isOver = runStates[to].to.length === 0;
  const unit: Write[] = [
    isOver ? run.lease.noteRun(undefined) : run.lease.check(),
    {
      kind: 'update',
      key: { table: 'runs', partition: run.id },
      set: { ...at.set, state: to },
      when: { kind: 'present' },
    },
    memberWrite(run.egg, member.run(run.shard, run.id), isOver ? undefined : to),
    ...(at.also ?? []),
  ];
  requireOk(await deps.store.commit(unit, options), `run ${run.id}`);
  deps.events.publish({ runId: run.id, egg: run.egg, shard: run.shard, state: to });
}

/** What a plan's row says of it, whatever becomes of it. */
export interface PlanFacts {
  readonly run: RunRecord;
  readonly plan: TofuPlan;
  readonly tool: TofuTool;
  readonly kind: PlanRow['kind'];
  /** `runner` when not given. */
  readonly planType?: PlanRow['plan_type'];
  readonly commit: string;
  readonly configHash: string;
  /** Of the runners it makes. */
  readonly deploymentId: string | undefined;
  /** Where its bundle is kept. */
  readonly bundleRef: string | undefined;
}

/** The plan's row, as the user may see it. One that is discarded says why. */
export function planWrite(
  deps: InternalDeps,
  at: PlanFacts,
  becomes:
    | { status: 'applying' }
    | { status: 'discarded'; why: string }
    /** Armed: it is kept until another takes its place. */
    | { status: 'pending'; binary: Uint8Array },
): Write {
  const { run, plan, tool } = at;
  const { status } = becomes;
  const now = deps.clock.now();
  return {
    kind: 'put',
    table: 'deployment_plans',
    row: {
      id: run.planId,
      egg_name: run.egg,
      plan_type: at.planType ?? 'runner',
      kind: at.kind,
      deployment_id: at.deploymentId,
      shard: run.shard,
      plan_json: JSON.parse(JSON.stringify(plan.redacted ?? {})),
      summary: { ...plan.summary },
      config_hash: at.configHash,
      git_commit: at.commit,
      bundle_ref: at.bundleRef,
      tofu_version: tool.version,
      tofu_sha256: tool.sha256,
      lineage: plan.lineage,
      serial_before: plan.serial,
      created_at: now,
      status,
      metadata: { run_id: run.id, ...(status === 'discarded' ? { why: becomes.why } : {}) },
      ...(status === 'pending' ? { plan_binary: becomes.binary } : {}),
      // Not while it is, or may come to be, what its shard is made of.
      ...(status === 'discarded' ? { expires_at: planExpiry(now) } : {}),
    },
    when: { kind: 'absent' },
  };
}

/** A deployment names the bundle of the plan that made its first machines. */
export function deploymentBundleWrites({ run, kind, deploymentId, bundleRef }: PlanFacts): readonly Write[] {
  if (deploymentId === undefined || bundleRef === undefined) return [];
  if (kind !== 'deploy' && kind !== 'rollback') return [];
  const key = { table: 'deployments', partition: run.egg, sort: deploymentId } as const;
  return [{ kind: 'update', key, set: { bundle_ref: bundleRef }, when: { kind: 'present' } }];
}

/** The plan of a run that ends without having written down what its apply did; empty where none was begun. */
export function leftPlanWrites(
  deps: InternalDeps,
  run: Pick<RunRow, 'id' | 'state' | 'plan_id'> | undefined,
  why: string,
): readonly Write[] {
  if (run?.plan_id === undefined || run.state !== 'applying') return [];
  return [planFailedWrite(deps, { planId: run.plan_id, runId: run.id, why })];
}

/** The columns of a plan that did not come into force. */
export function failedNow({ clock }: Pick<InternalDeps, 'clock'>): Row {
  const now = clock.now();
  return { status: 'failed', applied_at: now, expires_at: planExpiry(now) };
}

export function planFailedWrite(
  deps: InternalDeps,
  at: { planId: string; runId: string; why: string },
): Write {
  return {
    kind: 'update',
    key: { table: 'deployment_plans', partition: at.planId },
    set: { ...failedNow(deps), metadata: { run_id: at.runId, why: at.why } },
    when: { kind: 'present' },
  };
}
