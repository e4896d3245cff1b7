import { type EggConfig, eggName, type RunnerFacts, serverlessLimitMs } from '@polar-gosling/domain';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import { scopeOf, targetOf } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { isInvocation } from '../run/strays.ts';
import { lookAtMachine } from './look-at-machine.ts';

/** Two hosts may differ by so much. */
const clocksMs = 60_000;

export interface ProofContext {
  readonly row: RunnerRow;
  readonly config: EggConfig;
  /** Its agent lived by then, at the latest. */
  readonly livedAt: number;
  readonly askGitlab: boolean;
  /** Neither its last report nor any CI job we know says that it runs one. */
  readonly isFree: boolean;
}

/** What GitLab and the cloud say of a silent runner. An API that fails proves nothing. */
export async function proofOf(
  deps: InternalDeps,
  at: ProofContext,
  options: CallOptions,
): Promise<NonNullable<RunnerFacts['proof']>> {
  const cloud = await cloudSays(deps, at, options);
  if (!at.askGitlab) return { cloud };
  const gitlabIdle = await gitlabSaysIdle(deps, at, options);
  return gitlabIdle === undefined ? { cloud } : { cloud, gitlabIdle };
}

async function cloudSays(
  deps: InternalDeps,
  { row, livedAt }: ProofContext,
  options: CallOptions,
): Promise<'running' | 'gone' | 'unknown'> {
  // An invocation shows nothing of itself, but one that lived before this began longer ago than it may last.
  if (isInvocation(row)) {
    return deps.clock.now() > livedAt + serverlessLimitMs + clocksMs ? 'gone' : 'unknown';
  }
  try {
    const machine = await lookAtMachine(deps, row, options);
    // One that was stopped is still there: it ends by the three proofs, as one that runs.
    // That OpenTofu found it gone is not enough: with keys of another account it finds no machine at all.
    return machine === undefined || machine.state === 'gone' ? 'gone' : 'running';
  } catch (error) {
    deps.log.warn('a machine could not be looked at', { runnerId: row.id, error });
    return 'unknown';
  }
}

async function gitlabSaysIdle(
  deps: InternalDeps,
  at: ProofContext,
  options: CallOptions,
): Promise<boolean | undefined> {
  try {
    const key = { partition: at.row.registration_id };
    const registration = await getRow(deps.store, { ...typed.registrations, key }, options);
    if (registration === undefined) return undefined;
    const scope = scopeOf(at.config, registration);
    if (scope === undefined) return undefined;
    const target = await targetOf(deps, { egg: eggName(at.row.egg_name), scope }, options);
    const managers = await deps.gitlab.runners.managers(target, registration.gitlab_runner_id, options);
    const manager = managers?.find(({ systemId }) => systemId === at.row.system_id);
    if (manager) return manager.jobExecutionStatus === 'idle';
    // One that died before it first asked for a job is not in the list at all (nor is one that GitLab has forgotten).
    return managers !== undefined && at.isFree ? true : undefined;
  } catch (error) {
    deps.log.warn('GitLab could not be asked about a silent runner', { runnerId: at.row.id, error });
    return undefined;
  }
}
