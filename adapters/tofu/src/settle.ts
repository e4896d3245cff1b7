import { type Clock, isCoded, type Logger, pollUntil } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import type { Tofu } from '@polar-gosling/ports/tofu';
import { keepErroredState, takeUpErroredState } from './errored-state.ts';
import { interruptLeft } from './interrupt.ts';
import type { TofuLimits } from './limits.ts';
import { findProcessesIn, isRunning, type ProcessIdentity, signalQuietly } from './process-identity.ts';
import { readRecordedProcess, runDirOf, wipeRunDirectory } from './run-directory.ts';
import type { StatePlace } from './state-place.ts';

type Left = Parameters<Tofu['settle']>[0];

export interface SettleDeps {
  readonly dataDir: string;
  readonly host: Tofu['host'];
  readonly limits: TofuLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: Blobs | undefined;
  /** Where the state of the run's shard lies. */
  readonly place: Pick<StatePlace, 'push' | 'breakLock'>;
}

/** Ends what a run left on this host and boot, keeps its errored state, then breaks its lock. Safe to repeat. */
export async function settleRun(
  deps: SettleDeps,
  left: Left,
  signal: AbortSignal,
): Promise<'settled' | 'alive'> {
  if (!isThisHost(deps.host, left)) {
    const isOver = deps.clock.now() >= left.hardEndAt + deps.limits.foreignLockMs;
    if (!isOver) return 'alive';
  } else if (left.bootId === deps.host.bootId && !(await endProcesses(deps, left, signal))) {
    return 'alive';
  }
  const runDir = runDirOf(deps.dataDir, left.runId);
  const { runId, egg, shard } = left;
  const isKept = await keepErroredState({ runDir, runId, egg, shard }, deps, { signal });
  if (!isKept) await takeUpErroredState({ runId }, deps, signal);
  await deps.place.breakLock(left.host, { signal });
  await wipeRunDirectory(runDir);
  return 'settled';
}

/** A name alone proves nothing: another host may have it. Rows of earlier releases hold no id; a boot is of one host. */
function isThisHost(host: Tofu['host'], left: Left): boolean {
  if (left.hostId !== undefined) return left.hostId === host.id;
  return left.host === host.name && left.bootId === host.bootId;
}

/** True when nothing of the run is alive any more. */
async function endProcesses(deps: SettleDeps, left: Left, signal: AbortSignal): Promise<boolean> {
  const living = await findLiving(deps, left);
  if (living.all.length === 0) return true;
  deps.logger.warn('an earlier holder left OpenTofu running', { runId: left.runId, pid: living.tool?.pid });
  if (living.tool !== undefined) interruptLeft(living.tool.pid, living.tool.interruptMarker);
  if (await areGone(deps, left, { timeoutMs: deps.limits.settleWaitMs, signal })) return true;
  if (deps.clock.now() < left.hardEndAt) return false;
  const still = await findLiving(deps, left);
  if (still.tool !== undefined) signalQuietly(-still.tool.pid, 'SIGKILL');
  for (const { pid } of still.all) signalQuietly(pid, 'SIGKILL');
  return areGone(deps, left, { timeoutMs: 5_000, signal });
}

/**
 * The run's processes: the recorded one if it is still that one, and whatever works in the run's own directory. A
 * number alone (of the run's row) proves nothing: it may have been given out again.
 */
async function findLiving(
  { dataDir, host }: SettleDeps,
  { runId }: Left,
): Promise<{
  tool: (ProcessIdentity & { interruptMarker: string }) | undefined;
  all: readonly ProcessIdentity[];
}> {
  const runDir = runDirOf(dataDir, runId);
  const recorded = await readRecordedProcess(runDir);
  const isThatOne = recorded !== undefined && recorded.bootId === host.bootId && isRunning(recorded);
  const tool = isThatOne ? recorded : undefined;
  const inside = findProcessesIn(runDir).filter(({ pid }) => pid !== process.pid);
  return { tool, all: tool === undefined ? inside : [tool, ...inside] };
}

async function areGone(
  deps: SettleDeps,
  left: Left,
  wait: { timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const check = async () => ((await findLiving(deps, left)).all.length === 0 ? true : undefined);
  const options = { clock: deps.clock, everyMs: 100, what: `the end of run ${left.runId}`, ...wait };
  try {
    return await pollUntil(check, options);
  } catch (error) {
    if (isCoded(error, 'KERNEL_TIMED_OUT')) return false;
    throw error;
  }
}
