import type { CompiledBlock } from '../schema/compiled.ts';
import type { Span } from '../syntax/tree.ts';
import type { Path } from './convert.ts';

/** What a body is checked as. */
export interface BodyContext {
  readonly block: CompiledBlock;
  readonly path: Path;
  /** Where something absent is reported. */
  readonly header: Span;
  /** Nothing is required: the body is merged with another. */
  readonly isPartial: boolean;
}

/** What was seen in one body. */
export interface Seen {
  /** Token of the first of each attribute, and of each block with its labels. */
  readonly at: Map<string, number>;
  /** Names that a mistake already stands for: never reported as absent. */
  readonly excused: Set<string>;
  isBroken: boolean;
}

export type Values = Record<string, unknown>;
