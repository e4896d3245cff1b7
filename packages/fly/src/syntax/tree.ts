import type { Node } from './kinds.ts';

/** Offsets into the text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The tokens of one file: token `i` is `text.slice(starts[i], starts[i + 1])`. */
export interface Tokens {
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  /** Number of tokens with the closing `Token.end`. */
  readonly count: number;
  /** Names in column 1 and the brace balance there: witnesses for a file whose braces do not match. */
  readonly heads: readonly number[];
  readonly balances: readonly number[];
}

/** A string, heredoc, number, word, reference or unreadable value: tokens `at` … `end` (exclusive). */
export interface LeafNode {
  readonly kind:
    | typeof Node.string
    | typeof Node.heredoc
    | typeof Node.number
    | typeof Node.word
    | typeof Node.reference
    | typeof Node.badValue;
  readonly at: number;
  readonly end: number;
}

export interface ListNode {
  readonly kind: typeof Node.list;
  readonly at: number;
  readonly end: number;
  readonly items: readonly ValueNode[];
}

export interface MapNode {
  readonly kind: typeof Node.map;
  readonly at: number;
  readonly end: number;
  readonly items: readonly ItemNode[];
}

export type ValueNode = LeafNode | ListNode | MapNode;

/** `name = value`, also an entry of a map (there the name may be a string token). */
export interface AttributeNode {
  readonly kind: typeof Node.attribute;
  readonly name: string;
  readonly at: number;
  readonly equals: number;
  readonly value: ValueNode;
  readonly end: number;
}

export interface BlockNode {
  readonly kind: typeof Node.block;
  readonly name: string;
  readonly at: number;
  /** Token of each label. */
  readonly labels: readonly number[];
  /** Token of `{`; -1 where it is absent. */
  readonly open: number;
  /** Token of `}`; -1 where it is absent. */
  readonly close: number;
  readonly items: readonly ItemNode[];
  /** Something inside could not be read: nothing is missed in it. */
  readonly isBroken: boolean;
  readonly end: number;
}

export interface BadItemNode {
  readonly kind: typeof Node.badItem;
  readonly at: number;
  readonly end: number;
}

export type ItemNode = BlockNode | AttributeNode | BadItemNode;

/** A whole file: a body without braces. */
export interface FileNode {
  readonly items: readonly ItemNode[];
  readonly isBroken: boolean;
}
