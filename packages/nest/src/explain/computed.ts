import type { EggConfig } from '@polar-gosling/domain';
import { type AttributeSpec, type BlockSpec, schema } from '@polar-gosling/fly';
import type { Placed } from '../cross-check.ts';
import type { Leaf } from './flatten.ts';
import type { Setting } from './origin.ts';
import { findSetting } from './origin.ts';

/** A value that the Egg's own layers do not set, with its place where another block does. */
export interface Computed {
  readonly leaf: Leaf;
  readonly setting: Setting | undefined;
  /** What holds where no file sets it. */
  readonly why: string;
  readonly note?: string;
}

/** What an Egg without a cloud of its own takes from MG/config.fly, or from this machine. */
export function computedCloud(
  egg: EggConfig,
  own: Readonly<Record<string, unknown>> | undefined,
  mothergoose: Placed | undefined,
): Computed[] {
  const names = ['provider', 'region'] as const;
  return names.flatMap((name) => {
    if (own?.[name] !== undefined) return [];
    const setting = mothergoose && findSetting([mothergoose], ['cloud', name]);
    const given = mothergoose?.block.kind === 'mothergoose' ? mothergoose.block.values.cloud : undefined;
    const isInherited = given?.[name] === egg.cloud[name];
    const spec = specAt(['egg', 'cloud'], name);
    const leaf = { path: ['cloud', name], value: egg.cloud[name], type: spec.type, spec };
    return [{ leaf, setting: isInherited ? setting : undefined, why: 'this machine' }];
  });
}

/** The tiers of the pool: from the `runners_condition` that names the Egg, within what its jobs can fill. */
export function computedPool(
  egg: EggConfig,
  condition: { readonly placed: Placed; readonly label: string } | undefined,
): Computed[] {
  const { apex, nadir } = egg.pool;
  const rows = [
    ['apex', 'min_count', apex.min],
    ['apex', 'max_count', apex.max],
    ['apex', 'cpu_threshold', apex.cpuThreshold],
    ['apex', 'memory_threshold', apex.memoryThreshold],
    ['nadir', 'min_count', nadir.min],
    ['nadir', 'max_count', nadir.max],
    ['nadir', 'idle_timeout', nadir.max > 0 ? nadir.idleTimeoutMs : undefined],
  ] as const;
  return rows.flatMap(([tier, name, value]) => {
    if (value === undefined) return [];
    const spec = specAt(['uglyfox', 'runners_condition', tier], name);
    const path = ['runners_condition', condition?.label ?? '', tier, name];
    const setting = condition && findSetting([condition.placed], path);
    const leaf = { path: [tier, name], value, type: spec.type, spec };
    const wanted = setting && setValue(condition.placed, path);
    const isCapped = typeof wanted === 'number' && wanted !== value;
    const note = isCapped ? `${wanted} is more than runner.concurrent can fill` : undefined;
    return [{ leaf, setting, why: spec.defaultDoc ?? 'default', ...(note !== undefined && { note }) }];
  });
}

function setValue({ block }: Placed, [, label, tier, name]: readonly string[]): number | undefined {
  if (block.kind !== 'uglyfox') return undefined;
  const condition = block.values.runners_condition?.find((one) => one.label === label);
  const found = Object.entries(condition?.[tier === 'apex' ? 'apex' : 'nadir'] ?? {});
  const value: unknown = found.find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : undefined;
}

/** Attributes of the Egg that depend on others: as `toEgg` fills them. */
export function computedValue(path: string, egg: EggConfig): unknown {
  switch (path) {
    case 'runner.executor':
      return egg.runner.executor;
    case 'runner.max_jobs':
      return egg.runner.maxJobs;
    case 'runner.run_untagged':
      return egg.runner.runUntagged;
    case 'gitlab.url':
      return egg.scopes[0]?.url;
    default:
      return undefined;
  }
}

function specAt(path: readonly string[], name: string): AttributeSpec {
  let body: BlockSpec | undefined = schema;
  for (const step of path) body = body?.blocks?.[step];
  const found = body?.attributes?.[name];
  return found ?? { type: { kind: 'any' }, doc: '' };
}
