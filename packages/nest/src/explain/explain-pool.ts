import {
  maskTokens,
  type ParsedFile,
  positionOf,
  printFlyValue,
  schema,
  type ValueType,
} from '@polar-gosling/fly';
import { loadFiles } from '../load-files.ts';
import { LoadMemory } from '../load-memory.ts';
import type { FileReport, NestOptions } from '../nest-read.ts';
import { type ExplainablePool, NestReader } from '../nest-reader.ts';
import { type Computed, computedCloud, computedPool, computedValue } from './computed.ts';
import type { BuiltInOrigin, EffectivePool, EffectiveValue } from './effective.ts';
import { flatten, type Leaf } from './flatten.ts';
import { findSetting, type Setting } from './origin.ts';
import { type Names, namesThrough } from './through.ts';

export type Explained =
  | { readonly kind: 'ok'; readonly pool: EffectivePool }
  /** No Egg or EggsBucket has this name; these there are. */
  | { readonly kind: 'unknown'; readonly names: readonly string[] }
  /** Its file, or one that it depends on, has errors. */
  | { readonly kind: 'invalid'; readonly reports: readonly FileReport[] };

export interface ExplainOptions extends NestOptions {
  readonly memory?: LoadMemory;
}

/** Every value of an Egg or EggsBucket as it is in force, with the file and line that set it, or the built-in rule. */
export function explainPool(files: readonly ParsedFile[], name: string, options: ExplainOptions): Explained {
  const memory = options.memory ?? new LoadMemory();
  const loaded = loadFiles(files, options, memory);
  const found = new NestReader(loaded, options, memory).explainable(name);
  if (found.kind !== 'ok') return found;
  const names = { scope: loaded.scope, environment: loaded.environment };
  return { kind: 'ok', pool: new Explainer(found.pool, names, options).explain() };
}

/** A size with its unit, so that nobody has to know that `memory` counts MiB. */
function print(value: unknown, type: ValueType): string {
  if (type.kind !== 'size' || typeof value !== 'number') return printFlyValue(value, type);
  const isRound = type.unit === 'MiB' && value % 1024 === 0;
  return isRound ? `"${value / 1024}GiB"` : `"${value}${type.unit}"`;
}

class Explainer {
  readonly #pool: ExplainablePool;
  readonly #names: Names;
  readonly #options: NestOptions;

  constructor(pool: ExplainablePool, names: Names, options: NestOptions) {
    this.#pool = pool;
    this.#names = names;
    this.#options = options;
  }

  explain(): EffectivePool {
    const { placed, values, egg, condition, mothergoose } = this.#pool;
    const { block, source } = placed;
    const cloud = computedCloud(egg, { ...values.cloud }, mothergoose);
    const own = flatten({ ...values }, schema.blocks[block.kind]).filter(({ path }) =>
      cloud.every(({ leaf }) => leaf.path.join('.') !== path.join('.')),
    );
    const isBeforeCloud = ({ path }: Leaf) => path.length === 1;
    const { environment } = this.#options;
    return {
      kind: block.kind,
      name: block.name,
      file: source.path,
      line: positionOf(source.parsed, block.headerSpan.start).line,
      ...(environment !== undefined && { environment }),
      values: [
        ...own.filter(isBeforeCloud).flatMap((leaf) => this.#own(leaf)),
        ...cloud.map((one) => this.#computed(one)),
        ...own.filter((leaf) => !isBeforeCloud(leaf)).flatMap((leaf) => this.#own(leaf)),
        ...computedPool(egg, condition).map((one) => this.#computed(one)),
      ],
    };
  }

  #own(leaf: Leaf): EffectiveValue[] {
    const path = leaf.path.join('.');
    const setting = findSetting(this.#pool.layers, leaf.path);
    if (setting !== undefined) return [this.#value(leaf, setting, 'default')];
    const why = leaf.spec?.defaultDoc;
    const value = leaf.value ?? computedValue(path, this.#pool.egg);
    return [this.#value({ ...leaf, value }, undefined, this.#inWords(why ?? 'default', leaf))];
  }

  /** `gitlab/{server}/{egg}/api-token` with the server and name that are meant. */
  #inWords(why: string, { path }: Leaf): string {
    const repo = path[0] === 'repositories' ? path[2] : undefined;
    const scope = this.#pool.egg.scopes.find((one) => one.repo === repo);
    return why.replaceAll('{server}', scope?.server ?? '').replaceAll('{egg}', this.#pool.egg.name);
  }

  #computed({ leaf, setting, why, note }: Computed): EffectiveValue {
    return { ...this.#value(leaf, setting, why), ...(note !== undefined && { note }) };
  }

  #value({ path, value, type }: Leaf, setting: Setting | undefined, why: string): EffectiveValue {
    const through =
      setting === undefined ? [] : namesThrough(setting.placed.source.parsed, setting.span, this.#names);
    const isSensitive = through.some(({ name }) => this.#pool.isSensitive(name));
    const text = isSensitive ? '(sensitive)' : maskTokens(print(value, type));
    const builtIn: BuiltInOrigin = { kind: 'built-in', why };
    return {
      path: path.join('.'),
      ...(value !== undefined && { text }),
      origin: setting?.origin ?? builtIn,
      through,
    };
  }
}
