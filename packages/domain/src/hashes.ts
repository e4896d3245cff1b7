import { sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { EggConfig, EggRunner } from './egg.ts';

/** Hash of the whole effective configuration; the file it stands in is no part of it. */
export function configHash({ sourceFile: _, ...config }: EggConfig): string {
  return sha256Hex(stableJson(config));
}

/**
 * Hash of what shapes a machine. A change of it replaces machines, so nothing else may enter: tags change the
 * registration in place, counts and times the plan only. `machineRevision` is the compute module's.
 */
export function machineHash(egg: EggConfig, machineRevision: number): string {
  const { type, cloud, resources, environment, runner } = egg;
  return sha256Hex(
    stableJson({
      type,
      cloud,
      resources,
      environment,
      image: runner.image,
      executor: runner.executor,
      jobsPerRunner: runner.jobsPerRunner,
      machineRevision,
    }),
  );
}

/** Hash of what GitLab's runner object is told; the order of tags means nothing. */
export function registrationSpecHash(
  runner: Pick<EggRunner, 'tags' | 'runUntagged' | 'protected' | 'locked' | 'maximumTimeoutS'>,
): string {
  return sha256Hex(
    stableJson({
      tags: [...new Set(runner.tags)].toSorted(),
      runUntagged: runner.runUntagged,
      protected: runner.protected,
      locked: runner.locked,
      maximumTimeoutS: runner.maximumTimeoutS,
    }),
  );
}
