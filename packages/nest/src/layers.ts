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
  readonly #defaults: readonly Placed<DefaultsBlock>[];
  readonly #patches: readonly Placed<PatchBlock>[];

  constructor(placed: readonly Placed[], environment: NestSource | undefined) {
    this.#defaults = placed.flatMap(({ source, block }) =>
      block.kind === 'defaults' && block.isValid ? [{ source, block }] : [],
    );
    this.#patches = (environment?.blocks ?? []).flatMap((block) =>
      environment !== undefined && block.kind === 'patch' && block.isValid
        ? [{ source: environment, block }]
        : [],
    );
  }

  /** The layers of a block, the lowest first. */
  of<Block extends LayeredBlock>(placed: Placed<Block>): readonly Layer[] {
    const { kind, name } = placed.block;
    const above = this.#patches.filter(({ block: { labels } }) => labels[0] === kind && labels[1] === name);
    return [...this.#below(kind), placed, ...above];
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
    return this.#defaults.filter(({ block }) => block.labels[0] === kind);
  }
}
