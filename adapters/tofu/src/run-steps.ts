import { readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type RunnerEntry, sharedKeyOf } from '@polar-gosling/domain';
import { type Clock, isCoded, type Logger } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import type { Machine } from '@polar-gosling/ports/machines';
import {
  type TofuCheck,
  type TofuOutcome,
  type TofuPlan,
  type TofuRunRequest,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import { containerAddressOf, isStartCommand, ownerOf, resourceAddressOf } from './addresses.ts';
import type { Commands } from './command.ts';
import { keepErroredState, recoverState } from './errored-state.ts';
import type { TofuLimits } from './limits.ts';
import { type CommandResult, decideOutcome, isLockedOut, planError } from './outcome.ts';
import { parsePlan } from './plan-json.ts';
import type { PreparedData } from './prepare.ts';
import { planFile } from './run-directory.ts';
import { readStateForm, type StatePlace, stateFileOf } from './state-place.ts';

export interface StepContext {
  readonly request: TofuRunRequest;
  readonly runDir: string;
  readonly dataDir: string;
  readonly place: StatePlace;
  /** This host, as it stands in locks. */
  readonly host: string;
  readonly prepared: PreparedData;
  /** The bundle holds its lock file. */
  readonly isLocked: boolean;
  readonly commands: Commands;
  readonly limits: TofuLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: Blobs | undefined;
  /** Checks of the plan that is applied. */
  readonly checks: readonly TofuCheck[];
}

/** Imports each part of each machine; one that the state has already is left alone. */
export async function adoptStep(
  context: StepContext,
  strays: readonly Machine[],
  signal: AbortSignal,
): Promise<void> {
  await initStep(context, signal);
  for (const { runnerId, resources = [] } of strays) {
    for (const { type, id } of resources) {
      const flags = ['-input=false', '-no-color', lockTimeout(context)];
      const address = addressFor(context, { runnerId, type });
      const imported = await withoutOwnLock(context, signal, () =>
        context.commands.ask(['import', ...flags, address, id], signal),
      );
      signal.throwIfAborted();
      const isKnown = /Resource already managed by/.test(imported.stderr);
      if (imported.end.code !== 0 && !isKnown) throw await failed(context, imported);
    }
  }
}

/** A runner that is an invocation has no machine of its own: what it shares with its like has its key. */
function addressFor(
  { request }: StepContext,
  { runnerId, type }: { runnerId: string; type: string },
): string {
  if (type !== 'yandex_serverless_container') return resourceAddressOf(runnerId, type);
  const entry: RunnerEntry = JSON.parse(request.wanted.entries.get(runnerId) ?? '{}');
  return containerAddressOf(sharedKeyOf(entry) ?? '');
}

/** init (unless one for the same shape was kept), plan unless one was saved, show. */
export async function planStep(context: StepContext, signal: AbortSignal): Promise<TofuPlan> {
  const { commands, place } = context;
  if (!hasTime(context)) {
    throw tofuErrors.planFailed({ summary: 'there is no time left before its hard end', detail: '' });
  }
  await initStep(context, signal);
  if (context.request.savedPlan === undefined) await planAnew(context, signal);
  const shown = await commands.ask(['show', '-no-color', '-json', planFile], signal);
  signal.throwIfAborted();
  if (shown.end.code !== 0) throw await failed(context, shown);
  return { ...parsePlan(shown.stdout), ...(await place.readHead({ signal })) };
}

async function planAnew(context: StepContext, signal: AbortSignal): Promise<void> {
  const flags = ['-input=false', '-no-color', '-detailed-exitcode', lockTimeout(context)];
  const refresh = context.request.refresh === false ? ['-refresh=false'] : [];
  const planned = await withoutOwnLock(context, signal, () =>
    context.commands.run(['plan', ...flags, ...refresh, `-out=${planFile}`, '-json'], signal),
  );
  signal.throwIfAborted();
  if (planned.end.code !== 0 && planned.end.code !== 2) throw await failed(context, planned);
}

/** Applies the saved plan; an errored state is kept whatever came out. */
export async function applyStep(context: StepContext, signal: AbortSignal): Promise<TofuOutcome> {
  if (signal.aborted || !hasTime(context)) {
    const summary = 'the apply was not started';
    const detail = signal.aborted ? 'it was called off' : 'there is no time left before its hard end';
    return { kind: 'failed', class: 'retryable', summary, detail, applied: [], removed: [] };
  }
  const { request, limits, logger } = context;
  const flags = ['-input=false', '-no-color', lockTimeout(context), '-json'];
  try {
    const result = await withoutOwnLock(context, signal, () =>
      context.commands.run(['apply', ...flags, planFile], signal),
    );
    const inTime = AbortSignal.timeout(limits.graceMs);
    const isLeaseLost = isCoded(signal.reason, 'LEASE_LOST');
    await keepErroredState(erroredRunOf(context), context, { signal: inTime, isLeaseLost });
    const { checks, place } = context;
    const { provider } = request.wanted;
    const head = result.end.code === 0 ? await readHeadOf(place, logger, inTime) : {};
    return decideOutcome(result, { ...head, checks, provider });
  } catch (error) {
    logger.error('an apply was lost sight of', { runId: request.runId, error });
    return { kind: 'unknown', reason: 'it was lost sight of' };
  }
}

/** What was applied is applied, also where the place of the state does not answer just now. */
async function readHeadOf(place: StatePlace, logger: Logger, signal: AbortSignal) {
  try {
    return await place.readHead({ signal });
  } catch (error) {
    logger.warn('the serial of a state could not be read', { error });
    return {};
  }
}

export async function stateListStep(context: StepContext, signal: AbortSignal): Promise<readonly string[]> {
  await initStep(context, signal);
  const listed = await context.commands.ask(['state', 'list', '-no-color'], signal);
  signal.throwIfAborted();
  if (listed.end.code === 0) {
    const lines = listed.stdout.split('\n').filter((line) => line !== '');
    return [...new Set(lines.filter((line) => !isStartCommand(line)).map(ownerOf))];
  }
  if (/No state file was found/i.test(listed.stderr)) return [];
  throw await failed(context, listed);
}

/** Makes the run's directory ready for other commands, upon the newest state there is. */
async function initStep(context: StepContext, signal: AbortSignal): Promise<void> {
  await recoverState(erroredRunOf(context), context, signal);
  await initBundle(context, signal);
  await moveLocalState(context, signal);
}

/** A state of the days when states lay in the data directory goes where states lie now, before a new one is begun. */
async function moveLocalState(context: StepContext, signal: AbortSignal): Promise<void> {
  const { place, dataDir, request, logger } = context;
  if (place.push === undefined) return;
  const file = stateFileOf(dataDir, request.wanted.egg, request.wanted.shard);
  const form = await readStateForm(file);
  if (form === undefined || (await place.readHead({ signal })).lineage !== undefined) return;
  if (form === 'encrypted') await place.push(await readFile(file), { signal });
  else await pushClearState(context, file, signal);
  await rename(file, `${file}.moved`);
  logger.info('a state was moved from the data directory to where states lie now', { runId: request.runId });
}

/** By OpenTofu, which encrypts it. */
async function pushClearState(context: StepContext, file: string, signal: AbortSignal): Promise<void> {
  const pushed = await withoutOwnLock(context, signal, () =>
    context.commands.ask(['state', 'push', '-no-color', lockTimeout(context), file], signal),
  );
  signal.throwIfAborted();
  if (pushed.end.code !== 0) throw await failed(context, pushed);
}

/**
 * Runs a command that takes the lock of the state. A request for a lock in a bucket whose answer is lost is sent again,
 * and meets the lock that the first one made (opentofu#4405). It would stay for ever: this run holds the shard's lease, so
 * what was locked from this host since the command began was locked by that command, which has ended.
 */
async function withoutOwnLock<Result extends CommandResult>(
  { place, logger, request }: StepContext,
  signal: AbortSignal,
  command: () => Promise<Result>,
): Promise<Result> {
  const result = await command();
  if (signal.aborted || !isLockedOut(result)) return result;
  if (!(await place.breakLock(hostname(), { signal, since: result.startedAt }))) return result;
  logger.warn('OpenTofu was held off by a lock of its own; the lock was removed', { runId: request.runId });
  return command();
}

async function initBundle(context: StepContext, signal: AbortSignal): Promise<void> {
  const { prepared, commands, runDir, isLocked } = context;
  if (await prepared.restore(runDir)) return;
  const flags = ['-input=false', '-no-color', ...(isLocked ? ['-lockfile=readonly'] : [])];
  const result = await commands.run(['init', ...flags], signal);
  signal.throwIfAborted();
  if (result.end.code !== 0) throw await failed(context, result);
  await prepared.keep(runDir);
}

/**
 * What a failed command means. One that was killed could not let the lock of the state go: its process is gone, and the
 * shard is ours, so what was locked from this host since it began was locked by it. An older lock is somebody else's.
 */
async function failed(context: StepContext, result: CommandResult): Promise<Error> {
  const { place, host, limits, logger, request } = context;
  if (result.end.code === null) {
    const signal = AbortSignal.timeout(limits.graceMs);
    if (await place.breakLock(host, { signal, since: result.startedAt })) {
      logger.warn('OpenTofu was killed while it planned; its lock is broken', { runId: request.runId });
    }
  }
  return planError(result);
}

function erroredRunOf({ runDir, request }: StepContext) {
  const { egg, shard } = request.wanted;
  return { runDir, runId: request.runId, egg, shard };
}

function hasTime({ clock, request, limits }: StepContext): boolean {
  return clock.now() < request.hardEndAt - limits.graceMs;
}

function lockTimeout({ limits }: StepContext): string {
  return `-lock-timeout=${Math.ceil(limits.lockTimeoutMs / 1000)}s`;
}
