import type { EggConfig, UglyFoxConfig } from '@polar-gosling/domain';
import {
  type EggBlock,
  type EggsBucketBlock,
  type FlyBlock,
  type JobBlock,
  suppress,
  withDefaults,
} from '@polar-gosling/fly';
import { adviseOnEgg, checkVariables } from './advice.ts';
import type { ConditionValues, JobValues, PoolValues, UglyFoxValues } from './block-values.ts';
import {
  type Claimed,
  checkClaims,
  checkConditions,
  checkFolder,
  checkNames,
  claimsOf,
  type Placed,
  placeAll,
  report,
} from './cross-check.ts';
import { defined } from './defined.ts';
import { Layers } from './layers.ts';
import { checkEggLimits } from './limits-check.ts';
import type { LoadedNest, NestSource } from './load-files.ts';
import type { LoadMemory } from './load-memory.ts';
import { mergeLayers } from './merge.ts';
import type {
  FileReport,
  JobConfig,
  MotherGooseConfig,
  NestOptions,
  NestRead,
  NotificationsConfig,
} from './nest-read.ts';
import { checkPatches } from './patch-check.ts';
import { checkRenames } from './rename-check.ts';
import { toEgg } from './to-egg.ts';
import { toUglyFox } from './to-uglyfox.ts';

export type PoolBlock = EggBlock | EggsBucketBlock;

/** What a pool is made of, for who explains it. */
export interface ExplainablePool {
  readonly placed: Placed<PoolBlock>;
  /** The lowest first. */
  readonly layers: readonly Placed[];
  /** With the defaults of the schema. */
  readonly values: PoolValues;
  readonly egg: EggConfig;
  readonly mothergoose: Placed | undefined;
  /** The `runners_condition` that names it. */
  readonly condition: { readonly placed: Placed; readonly label: string } | undefined;
  /** Is this reference, as `var.token`, one of a variable that is never shown? */
  isSensitive(reference: string): boolean;
}

/** Makes checked configuration of the files of one Nest. */
export class NestReader {
  readonly #loaded: LoadedNest;
  readonly #options: NestOptions;
  readonly #placed: readonly Placed[];
  readonly #layers: Layers;
  readonly #shared: ReturnType<typeof sharedFiles>;
  readonly #memory: LoadMemory;

  constructor(loaded: LoadedNest, options: NestOptions, memory: LoadMemory) {
    this.#loaded = loaded;
    this.#memory = memory;
    this.#options = options;
    this.#placed = placeAll(loaded.sources);
    this.#shared = sharedFiles(loaded);
    this.#layers = new Layers(this.#placed, loaded.environment);
  }

  read(): NestRead {
    const pools = [...this.#ofKind('egg'), ...this.#ofKind('eggsbucket')];
    checkNames(this.#placed);
    if (this.#loaded.environment !== undefined) {
      checkPatches(this.#loaded.environment, this.#placed, (block) => this.#layers.below(block));
    }
    for (const pool of pools) checkFolder(pool);
    if (this.#options.before !== undefined) checkRenames(this.#placed, this.#options.before);
    const foxValues = this.#readFoxValues(pools.map(({ block }) => block.name));
    const mothergoose = this.#mothergoose();
    const conditions = conditionsByName(foxValues);
    const eggs = pools.flatMap((placed) => this.#egg(placed, { conditions, mothergoose }));
    checkClaims(eggs);
    const { limits } = this.#options;
    if (limits !== undefined) for (const { egg, placed } of eggs) checkEggLimits(egg, placed, limits);
    checkVariables(this.#placed, this.#loaded);
    for (const { egg, placed } of eggs) adviseOnEgg(egg, placed, foxValues?.pruning.max_age);

    const { all, conditions: sized, cloud } = this.#shared;
    const bad = {
      all: all.filter(hasErrors),
      conditions: sized.filter(hasErrors),
      cloud: cloud.filter(hasErrors),
    };
    const perFile = this.#loaded.sources.map((source) => this.#reportOf(source, bad));
    const good = new Set(perFile.filter(({ ok }) => ok).map(({ path }) => path));
    return {
      eggs: eggs.filter(({ placed }) => good.has(placed.source.path)).map(({ egg }) => egg),
      jobs: this.#ofKind('job')
        .filter(({ source }) => good.has(source.path))
        .map((placed) => this.#job(placed)),
      ...defined({
        uglyfox: this.#uglyfox(foxValues, good),
        mothergoose: mothergoose && good.has(mothergoose.sourceFile) ? mothergoose : undefined,
        notifications: this.#notifications(good),
      }),
      diagnostics: perFile.flatMap(({ diagnostics }) => diagnostics),
      perFile,
    };
  }

  /** What the pool of this name is made of, when it and all it depends on are sound. */
  explainable(
    name: string,
  ):
    | { readonly kind: 'ok'; readonly pool: ExplainablePool }
    | { readonly kind: 'unknown'; readonly names: readonly string[] }
    | { readonly kind: 'invalid'; readonly reports: readonly FileReport[] } {
    const pools = [...this.#ofKind('egg'), ...this.#ofKind('eggsbucket')];
    const placed = pools.find(({ block }) => block.name === name);
    if (placed === undefined) return { kind: 'unknown', names: pools.map(({ block }) => block.name) };
    const { eggs, perFile } = this.read();
    const egg = eggs.find((one) => one.name === name);
    if (egg === undefined) {
      const own = perFile.find(({ path }) => path === placed.source.path);
      const paths = [placed.source.path, ...(own?.blockedBy ?? [])];
      return { kind: 'invalid', reports: perFile.filter(({ path }) => paths.includes(path)) };
    }
    return { kind: 'ok', pool: this.#explainable(placed, egg) };
  }

  #explainable(placed: Placed<PoolBlock>, egg: EggConfig): ExplainablePool {
    const [uglyfox] = this.#ofKind('uglyfox');
    const label = uglyfox?.block.values.runners_condition?.find(({ eggs_entities }) =>
      eggs_entities.includes(egg.name),
    )?.label;
    const sensitive = this.#ofKind('variable').filter(({ block }) => block.values.sensitive === true);
    return {
      placed,
      layers: this.#layers.of(placed),
      values: this.#poolValues(placed),
      egg,
      mothergoose: this.#ofKind('mothergoose')[0],
      condition: uglyfox && label !== undefined ? { placed: uglyfox, label } : undefined,
      isSensitive: (reference) => sensitive.some(({ block }) => reference === `var.${block.name}`),
    };
  }

  #ofKind<Kind extends Placed['block']['kind']>(kind: Kind) {
    type Block = Extract<Placed['block'], { kind: Kind }>;
    return this.#placed.filter((one): one is Placed<Block> => one.block.kind === kind);
  }

  #readFoxValues(names: readonly string[]): UglyFoxValues | undefined {
    const [uglyfox] = this.#ofKind('uglyfox');
    if (uglyfox === undefined || !uglyfox.block.isValid) return undefined;
    const values = this.#memory.derive(uglyfox.block, [], () =>
      mergeLayers<UglyFoxValues>([withDefaults<'uglyfox'>(uglyfox.block)]),
    );
    checkConditions(uglyfox, values, names);
    return values;
  }

  #uglyfox(values: UglyFoxValues | undefined, good: ReadonlySet<string>): UglyFoxConfig | undefined {
    const [uglyfox] = this.#ofKind('uglyfox');
    const isGood = uglyfox !== undefined && good.has(uglyfox.source.path);
    return values !== undefined && isGood ? toUglyFox(values) : undefined;
  }

  #mothergoose(): MotherGooseConfig | undefined {
    const [found] = this.#ofKind('mothergoose');
    if (found === undefined || !found.block.isValid) return undefined;
    const { cloud } = found.block.values;
    return {
      values: found.block.values,
      sourceFile: found.source.path,
      ...defined({
        cloud: cloud && { provider: cloud.provider, ...defined({ region: cloud.region }) },
      }),
    };
  }

  #notifications(good: ReadonlySet<string>): NotificationsConfig | undefined {
    const [found] = this.#ofKind('notifications');
    if (found === undefined || !good.has(found.source.path)) return undefined;
    const { email = [], webhook } = found.block.values;
    return { email, ...defined({ webhook }) };
  }

  #egg(
    placed: Placed<PoolBlock>,
    at: {
      conditions: ReadonlyMap<string, ConditionValues>;
      mothergoose: MotherGooseConfig | undefined;
    },
  ): Claimed[] {
    const { source, block } = placed;
    if (!block.isValid) return [];
    const { name } = block;
    const { embedded } = this.#options;
    const cloud = at.mothergoose?.cloud;
    const condition = at.conditions.get(name);
    const layers = this.#layers.of(placed).map((layer) => layer.block);
    const inputs = [embedded, cloud?.provider, cloud?.region, condition, ...layers];
    const result = this.#memory.derive(block, inputs, () => {
      const kind = block.kind === 'egg' ? 'egg' : 'bucket';
      const context = {
        name,
        kind,
        sourceFile: source.path,
        embedded,
        mothergoose: cloud,
        condition,
      } as const;
      const made = toEgg(this.#poolValues(placed), context);
      return made.kind === 'ok' ? { ...made, claims: claimsOf(made.egg) } : made;
    });
    if (result.kind === 'ok') return [{ egg: result.egg, claims: result.claims, placed }];
    const message = `${block.kind} "${name}" ${result.why}`;
    report(source, { code: result.code, span: block.headerSpan, message });
    return [];
  }

  #poolValues(placed: Placed<PoolBlock>): PoolValues {
    const layered = this.#layers.merged(placed);
    const filled =
      layered.kind === 'egg' ? withDefaults<'egg'>(layered) : withDefaults<'eggsbucket'>(layered);
    return mergeLayers<PoolValues>([filled]);
  }

  #job(placed: Placed<JobBlock>): JobConfig {
    const { source, block } = placed;
    const values = mergeLayers<JobValues>([withDefaults<'job'>(this.#layers.merged(placed))]);
    return {
      name: block.name,
      schedule: values.schedule,
      script: values.script,
      runner: { type: values.runner.type, tags: values.runner.tags },
      notify: values.on_failure.notify,
      sourceFile: source.path,
    };
  }

  #reportOf(source: NestSource, bad: ReturnType<typeof sharedFiles>): FileReport {
    const sorted = source.diagnostics.toSorted((a, b) => a.range.start.byte - b.range.start.byte);
    const blockedBy = this.#dependencies(source, bad)
      .filter((other) => other !== source)
      .map(({ path }) => path);
    return {
      path: source.path,
      ok: !hasErrors(source) && blockedBy.length === 0,
      diagnostics: suppress(source.parsed, sorted, 'nest'),
      blockedBy: [...new Set(blockedBy)],
    };
  }

  /**
   * Files whose errors make this one unreadable: a broken default or variable would silently give an Egg another
   * configuration, broken conditions another pool, a broken `mothergoose` another cloud.
   */
  #dependencies(source: NestSource, { all, conditions, cloud }: ReturnType<typeof sharedFiles>) {
    if (conditions.length === 0 && cloud.length === 0) return all;
    const pools = source.blocks.filter(
      (block): block is PoolBlock => block.kind === 'egg' || block.kind === 'eggsbucket',
    );
    const isPlaced = (block: PoolBlock) =>
      this.#layers.merged({ source, block }).values.cloud?.region !== undefined;
    return [
      ...all,
      ...(pools.length > 0 ? conditions : []),
      ...(cloud.length === 0 || pools.every(isPlaced) ? [] : cloud),
    ];
  }
}

/** Files that others depend on. */
function sharedFiles({ sources, environment }: LoadedNest) {
  const filesOf = (path: string, ...kinds: readonly FlyBlock['kind'][]) =>
    sources.filter(
      (source) => source.path === path || source.blocks.some(({ kind }) => kinds.includes(kind)),
    );
  return {
    all: [
      ...filesOf('Nest.fly', 'variable', 'locals', 'defaults'),
      ...(environment === undefined ? [] : [environment]),
    ],
    conditions: filesOf('UF/config.fly', 'uglyfox'),
    cloud: filesOf('MG/config.fly', 'mothergoose'),
  };
}

function hasErrors({ diagnostics }: NestSource): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

function conditionsByName(values: UglyFoxValues | undefined): Map<string, ConditionValues> {
  const pairs = (values?.runners_condition ?? []).flatMap((condition) =>
    condition.eggs_entities.map((name): [string, ConditionValues] => [name, condition]),
  );
  return new Map(pairs);
}
