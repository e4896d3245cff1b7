import type { EggConfig } from '@polar-gosling/domain';
import { secretErrors } from '@polar-gosling/ports/secrets';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { RunnerConfig } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';

/** What an agent works by; references of `environment` are resolved at this moment, never before. */
export async function runnerConfig(
  deps: EngineDeps,
  egg: EggConfig,
  options: CallOptions,
): Promise<RunnerConfig> {
  const { runner } = egg;
  return {
    executor: runner.executor,
    environment: await resolveEnvironment(deps, egg, options),
    concurrent: runner.jobsPerRunner,
    tags: runner.tags,
    ...(runner.image === undefined ? {} : { image: runner.image }),
    ...(runner.maxJobs === undefined ? {} : { maxJobs: runner.maxJobs }),
    ...(runner.docker === undefined ? {} : { docker: runner.docker }),
    ...(runner.preBuildScript === undefined ? {} : { preBuildScript: runner.preBuildScript }),
    ...(runner.configTomlExtra === undefined ? {} : { configTomlExtra: runner.configTomlExtra }),
  };
}

async function resolveEnvironment(
  deps: EngineDeps,
  egg: EggConfig,
  options: CallOptions,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(egg.environment)) {
    if (typeof value === 'string') {
      resolved[name] = value;
      continue;
    }
    const role = `environment variable ${name} of egg ${egg.name}`;
    const secret = await deps.secrets.read(value.secret, { ...options, role });
    if (secret === undefined)
      throw secretErrors.missing({ role, fix: 'put it where its reference points to' });
    resolved[name] = secret.reveal();
  }
  return resolved;
}
