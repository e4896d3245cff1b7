import type {
  DefaultsBlock,
  EggBlock,
  EggsBucketBlock,
  FlyBlock,
  JobBlock,
  PatchBlock,
} from '@polar-gosling/fly';
import type { Placed } from './cross-check.ts';
import type { NestSource } from './load-files.ts';
import { mergeLayers } from './merge.ts';

/** Blocks that `defaults` and `patch` are about. */
export type LayeredBlock = EggBlock | EggsBucketBlock | JobBlock;

/** One of the texts that a block is made of. */
export type Layer = Placed<LayeredBlock | DefaultsBlock | PatchBlock>;

/** What lies under and over the blocks of a Nest: `defaults` below, the patches of the environment in force above. */
export class Layers {
  /** By kind. */
  readonly #defaults: ReadonlyMap<string, readonly Placed<DefaultsBlock>[]>;
  /** By kind and name. */
  readonly #patches: ReadonlyMap<string, readonly Placed<PatchBlock>[]>;

  constructor(placed: readonly Placed[], environment: NestSource | undefined) {
    const defaults = placed.flatMap(({ source, block }) =>
      block.kind === 'defaults' && block.isValid ? [{ source, block }] : [],
    );
    const patches = (environment?.blocks ?? []).flatMap((block) =>
      environment !== undefined && block.kind === 'patch' && block.isValid
        ? [{ source: environment, block }]
        : [],
    );
    this.#defaults = Map.groupBy(defaults, ({ block }) => block.labels[0] ?? '');
    this.#patches = Map.groupBy(patches, ({ block }) => block.labels.join(' '));
  }

  /** The layers of a block, the lowest first. */
  of<Block extends LayeredBlock>(placed: Placed<Block>): readonly Layer[] {
    const { kind, name } = placed.block;
    return [...this.#below(kind), placed, ...(this.#patches.get(`${kind} ${name}`) ?? [])];
  }

  /** The block with what lies under and over it. */
  merged<Block extends LayeredBlock>(placed: Placed<Block>): Block {
    const layers = this.of(placed);
    // Nothing to lay over one another: the values of the block stay as they were read.
    if (layers.length === 1) return placed.block;
    const values = mergeLayers<Block['values']>(layers.map(({ block }) => block.values));
    return { ...placed.block, values };
  }

  /** What a patch of this block lies on. */
  below(block: FlyBlock): object {
    const layers = this.#below(block.kind).map((layer) => layer.block.values);
    return mergeLayers([...layers, block.values]);
  }

  #below(kind: string): readonly Placed<DefaultsBlock>[] {
    return this.#defaults.get(kind) ?? [];
  }
}
