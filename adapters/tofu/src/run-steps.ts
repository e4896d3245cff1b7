import type { Clock, Logger } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import {
  type TofuCheck,
  type TofuOutcome,
  type TofuPlan,
  type TofuRunRequest,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import { isStartCommand, ownerOf } from './addresses.ts';
import type { Commands } from './command.ts';
import { keepErroredState } from './errored-state.ts';
import type { TofuLimits } from './limits.ts';
import { decideOutcome, planError } from './outcome.ts';
import { parsePlan } from './plan-json.ts';
import type { PreparedData } from './prepare.ts';
import { readStateHead } from './state-file.ts';

const planFile = 'tfplan';

export interface StepContext {
  readonly request: TofuRunRequest;
  readonly runDir: string;
  readonly stateFile: string;
  readonly prepared: PreparedData;
  readonly commands: Commands;
  readonly limits: TofuLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: Blobs | undefined;
  /** Checks of the plan that is applied. */
  readonly checks: readonly TofuCheck[];
}

/** init (unless one for the same shape was kept), plan, show. */
export async function planStep(context: StepContext, signal: AbortSignal): Promise<TofuPlan> {
  const { commands, stateFile } = context;
  if (!hasTime(context)) {
    throw tofuErrors.planFailed({ summary: 'there is no time left before its hard end', detail: '' });
  }
  await initStep(context, signal);
  const flags = ['-input=false', '-no-color', '-detailed-exitcode', lockTimeout(context)];
  const planned = await commands.run(['plan', ...flags, `-out=${planFile}`, '-json'], signal);
  signal.throwIfAborted();
  if (planned.end.code !== 0 && planned.end.code !== 2) throw planError(planned);
  const shown = await commands.ask(['show', '-no-color', '-json', planFile], signal);
  signal.throwIfAborted();
  if (shown.end.code !== 0) throw planError(shown);
  return { ...parsePlan(shown.stdout), ...(await readStateHead(stateFile)) };
}

/** Applies the saved plan; an errored state is kept whatever came out. */
export async function applyStep(context: StepContext, signal: AbortSignal): Promise<TofuOutcome> {
  if (signal.aborted || !hasTime(context)) {
    const summary = 'the apply was not started';
    const detail = signal.aborted ? 'it was called off' : 'there is no time left before its hard end';
    return { kind: 'failed', class: 'retryable', summary, detail, applied: [], removed: [] };
  }
  const { runDir, request, limits, logger } = context;
  const flags = ['-input=false', '-no-color', lockTimeout(context), '-json'];
  try {
    const result = await context.commands.run(['apply', ...flags, planFile], signal);
    await keepErroredState({ runDir, runId: request.runId }, context, AbortSignal.timeout(limits.graceMs));
    const { checks, stateFile } = context;
    const { provider } = request.wanted;
    return decideOutcome(result, { ...(await readStateHead(stateFile)), checks, provider });
  } catch (error) {
    logger.error('an apply was lost sight of', { runId: request.runId, error });
    return { kind: 'unknown', reason: 'it was lost sight of' };
  }
}

export async function stateListStep(context: StepContext, signal: AbortSignal): Promise<readonly string[]> {
  await initStep(context, signal);
  const listed = await context.commands.ask(['state', 'list'], signal);
  signal.throwIfAborted();
  if (listed.end.code === 0) {
    const lines = listed.stdout.split('\n').filter((line) => line !== '');
    return [...new Set(lines.filter((line) => !isStartCommand(line)).map(ownerOf))];
  }
  if (/No state file was found/i.test(listed.stderr)) return [];
  throw planError(listed);
}

async function initStep({ prepared, commands, runDir }: StepContext, signal: AbortSignal): Promise<void> {
  if (await prepared.restore(runDir)) return;
  const result = await commands.run(['init', '-input=false', '-no-color'], signal);
  signal.throwIfAborted();
  if (result.end.code !== 0) throw planError(result);
  await prepared.keep(runDir);
}

function hasTime({ clock, request, limits }: StepContext): boolean {
  return clock.now() < request.hardEndAt - limits.graceMs;
}

function lockTimeout({ limits }: StepContext): string {
  return `-lock-timeout=${Math.ceil(limits.lockTimeoutMs / 1000)}s`;
}
