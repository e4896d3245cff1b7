import { planPool } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { configSlot, runnerConfigOrProblem } from '../agents/config-problem.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk, withLease } from '../leases/lease.ts';
import { liftSpentPin } from '../rollback/lift-pin.ts';
import { noteProblem } from '../run/problems.ts';
import { applyMoves } from './apply-moves.ts';
import { followDeployment } from './deployment.ts';
import { forgetStateWrite } from './forget-state.ts';
import { noteHeld } from './limits.ts';
import { type Observed, observe } from './observe.ts';
import { settleEgg } from './settle-egg.ts';
import { noteWaits } from './waits.ts';

export type Reconciled = 'done' | 'busy' | 'gone';

/** Brings one Egg's rows to where they should be: observe, decide purely, write. OpenTofu runs elsewhere. */
export async function reconcile(
  deps: InternalDeps,
  egg: string,
  options: CallOptions & { trace: string },
): Promise<Reconciled> {
  const at = { name: `egg/${egg}`, watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, at, (lease) =>
    underLease(deps, { egg, lease }, { ...options, signal: lease.signal }),
  );
  return outcome.kind === 'busy' ? 'busy' : outcome.result;
}

async function underLease(
  deps: InternalDeps,
  at: { egg: string; lease: Lease },
  options: CallOptions & { trace: string },
): Promise<Reconciled> {
  const seen = await observe(deps, at.egg, options);
  if (seen === undefined) {
    await forgetState(deps, at, options);
    return 'gone';
  }
  await noteProblem(deps, { egg: at.egg, slot: 'local', problem: seen.refused }, options);
  await recheckConfig(deps, seen, options);
  await liftSpentPin(deps, { spentPin: seen.spentPin, lease: at.lease }, options);
  const deploymentId = await followDeployment(deps, { seen, lease: at.lease }, options);
  const plan = planPool(seen.facts);
  await applyMoves(deps, { seen, lease: at.lease, moves: plan.moves, deploymentId }, options);
  const lookAgainAt = earliest(
    await noteWaits(deps, { seen, plan }, options),
    await noteHeld(deps, { seen, plan }, options),
  );
  await settleEgg(
    deps,
    { seen, lease: at.lease, lookAgainAt: earliest(plan.lookAgainAt, lookAgainAt), trace: options.trace },
    options,
  );
  await forgetWhenEmpty(deps, { seen, trace: options.trace }, options);
  countRunners(deps, seen);
  return 'done';
}

/** A problem of its configuration goes with its cause, though no agent asks for it any more. */
async function recheckConfig(deps: InternalDeps, seen: Observed, options: CallOptions): Promise<void> {
  const noted: Readonly<Record<string, unknown>> = seen.state?.problems ?? {};
  if (noted[configSlot] === undefined) return;
  await runnerConfigOrProblem(deps, seen.egg, options).catch(() => options.signal.throwIfAborted());
}

/** Whoever still speaks of an Egg that is gone makes it dirty; nothing would ever clean it. */
async function forgetState(
  deps: InternalDeps,
  at: { egg: string; lease: Lease },
  options: CallOptions,
): Promise<void> {
  const unit = [at.lease.check(), await forgetStateWrite(deps, at.egg, options)];
  requireOk(await deps.store.commit(unit, options), `the state of ${at.egg}`);
}

/** The last runner of a removed Egg is gone: what GitLab has of the Egg can go too. */
async function forgetWhenEmpty(
  deps: InternalDeps,
  { seen, trace }: { seen: Observed; trace: string },
  options: CallOptions,
): Promise<void> {
  if (seen.egg.status !== 'draining' || seen.runners.size > 0) return;
  await deps.store.commit([outboxWrite({ kind: 'bind', key: seen.egg.name, trace }, deps)], options);
  deps.queue.wake();
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

function countRunners(deps: InternalDeps, seen: Observed): void {
  const counts: Record<string, number> = {};
  for (const { state } of seen.runners.values()) counts[state] = (counts[state] ?? 0) + 1;
  deps.metrics.runners(seen.egg.name, counts);
}
