import { defaultPool, type EggRunner, machinesAtMost, type PoolLimits } from '@polar-gosling/domain/egg';
import type { ConditionValues } from './block-values.ts';
import { defined } from './defined.ts';

/** The tiers of one Egg: those of the `runners_condition` that names it, never more machines than its jobs fill. */
export function toPool(runner: EggRunner, condition: ConditionValues | undefined): PoolLimits {
  const fallback = defaultPool(runner);
  if (condition === undefined) return fallback;
  const { apex = {}, nadir = {} } = condition;
  const most = machinesAtMost(runner);
  const max = Math.min(apex.max_count ?? most, most);
  const nadirMax = nadir.max_count ?? fallback.nadir.max;
  return {
    apex: {
      min: Math.min(apex.min_count ?? 0, max),
      max,
      ...defined({ cpuThreshold: apex.cpu_threshold, memoryThreshold: apex.memory_threshold }),
    },
    nadir: {
      min: Math.min(nadir.min_count ?? 0, nadirMax),
      max: nadirMax,
      idleTimeoutMs: nadir.idle_timeout ?? fallback.nadir.idleTimeoutMs,
    },
  };
}
