/** Numbers that are the same in every run: a corpus is named by its seed. */
export interface Random {
  /** From 0 up to, not including, `below`. */
  int(below: number): number;
  isLikely(share: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** One of a list that may be empty. */
  oneOf<Item>(items: readonly Item[]): Item | undefined;
  shuffle<Item>(items: readonly Item[]): Item[];
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below: number) => Math.floor(next() * below);
  return {
    int,
    isLikely: (share) => next() < share,
    pick: (items) => items[int(items.length)] ?? items[0],
    oneOf: (items) => items[int(items.length)],
    shuffle: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  };
}
