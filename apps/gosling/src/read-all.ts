const pageSize = 200;
/** Enough for thousands of Eggs; a server that never ends its list ends here. */
const pagesAtMost = 100;

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string | undefined;
}

/** Every item of a paged list, up to `most`. */
export async function readAll<Item>(
  readPage: (query: { limit: number; cursor?: string }) => Promise<PageOf<Item>>,
  most = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesAtMost; page++) {
    const limit = Math.min(pageSize, most - items.length);
    const answer = await readPage({ limit, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...answer.items);
    cursor = answer.cursor;
    if (cursor === undefined || items.length >= most) break;
  }
  return items;
}
