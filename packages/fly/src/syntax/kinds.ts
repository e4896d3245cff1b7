/** Kinds of tokens. Blank, newline and comment tokens are kept, so that tokens tile the text. */
export const Token = {
  end: 0,
  blank: 1,
  newline: 2,
  comment: 3,
  name: 4,
  number: 5,
  string: 6,
  heredoc: 7,
  openBrace: 8,
  closeBrace: 9,
  openList: 10,
  closeList: 11,
  equals: 12,
  comma: 13,
  colon: 14,
  dot: 15,
  /** Punctuation that no rule of Fly uses. */
  symbol: 16,
  /** Characters that start no token; already reported. */
  bad: 17,
} as const;

/** Kinds of tree nodes. */
export const Node = {
  block: 1,
  attribute: 2,
  /** An item that could not be read; already reported. */
  badItem: 3,
  string: 4,
  heredoc: 5,
  number: 6,
  /** `true`, `false`, `null`, or a bare word that the checker has to explain. */
  word: 7,
  reference: 8,
  list: 9,
  map: 10,
  /** A value that could not be read; already reported. */
  badValue: 11,
} as const;
