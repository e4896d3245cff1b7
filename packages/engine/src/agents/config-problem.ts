import type { EggConfig } from '@polar-gosling/domain';
import { toProblem } from '@polar-gosling/kernel';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import type { RunnerConfig } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';
import { noteProblem } from '../run/problems.ts';
import { runnerConfig } from './runner-config.ts';

/** The slot of an Egg's problems that tells of a configuration no agent can get. */
export const configSlot = 'runner_config';

/**
 * As `runnerConfig`; what hinders it (a secret that is not there) is shown on the Egg until it works again, and then
 * thrown.
 */
export async function runnerConfigOrProblem(
  deps: EngineDeps,
  egg: EggConfigRow,
  options: CallOptions,
): Promise<RunnerConfig> {
  const config: EggConfig = egg.config;
  try {
    const resolved = await runnerConfig(deps, config, options);
    await note(deps, { egg: egg.name }, options);
    return resolved;
  } catch (error) {
    if (options.signal.aborted) throw error;
    const { code, detail } = toProblem(error);
    const problem = { code, detail: `${detail}; its runners keep the configuration they have` };
    await note(deps, { egg: egg.name, problem }, options);
    throw error;
  }
}

/** Many agents of one Egg report at once: one that could not write the same words down has lost nothing. */
async function note(
  deps: EngineDeps,
  at: { egg: string; problem?: { code: string; detail: string } },
  options: CallOptions,
): Promise<void> {
  try {
    await noteProblem(deps, { ...at, slot: configSlot }, options);
  } catch (error) {
    deps.log.warn('a problem of an Egg could not be noted', { egg: at.egg, error });
  }
}
