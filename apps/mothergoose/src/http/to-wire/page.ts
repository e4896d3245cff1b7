import type { Page } from '@polar-gosling/ports/store';

/** A page with each of its rows as they go over the wire. */
export function toWirePage<Item, Wire>(
  page: Page<Item>,
  toWire: (item: Item) => Wire,
): { items: Wire[]; cursor?: string } {
  const items = page.items.map(toWire);
  return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
}

/** A page of a list that is small enough to be read whole; the cursor is the id of the last item shown. */
export function pageOf<Item extends { readonly id: string }>(
  all: readonly Item[],
  at: { readonly limit: number; readonly cursor?: string },
): Page<Item> {
  const from = at.cursor === undefined ? 0 : all.findIndex(({ id }) => id === at.cursor) + 1;
  const items = all.slice(from, from + at.limit);
  const last = items.at(-1);
  return last === undefined || from + at.limit >= all.length ? { items } : { items, cursor: last.id };
}
