/** Limits of the language; passing one is a finding FLY09x, never a crash. */
export const limits = {
  /** Characters of one file. */
  file: 8 << 20,
  /** Bytes of one file of a Nest; who reads one need not read more of it. */
  fileOfNestBytes: 1 << 20,
  nest: { files: 10_000, bytes: 64 << 20 },
  /** Blocks, lists and maps inside one another, counted together. */
  depth: 32,
  name: 128,
  string: 64 << 10,
  heredoc: 256 << 10,
  /** Items of a list, entries of a map, attributes and blocks of a body. */
  items: 10_000,
  interpolations: 256,
  /** Characters of a value after interpolation. */
  expanded: 1 << 20,
  /** References from one local to the next. */
  chain: 16,
  rule: { characters: 2048, tests: 64, depth: 16 },
} as const;
