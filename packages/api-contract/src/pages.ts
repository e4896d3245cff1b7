import type { z } from 'zod';
import type { ApiCallOptions, ApiClient } from './client.ts';
import type { RequestOf } from './route.ts';
import type { RouteName, Routes } from './routes.ts';

/** The operations that answer a page. */
export type ListName = {
  [Name in RouteName]: Routes[Name]['success'] extends { schema: z.ZodType<{ items: unknown[] }> }
    ? Name
    : never;
}[RouteName];

type ItemOf<Name extends ListName> = Routes[Name]['success'] extends {
  schema: z.ZodType<{ items: (infer Item)[] }>;
}
  ? Item
  : never;

/** Every item of a list, page after page; the caller stops when it has enough. */
export async function* listAll<Name extends ListName>(
  client: ApiClient,
  { name, request }: { name: Name; request: RequestOf<Routes[Name]> },
  options: ApiCallOptions,
): AsyncGenerator<ItemOf<Name>, void> {
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? request.query : { ...request.query, cursor };
    const page = (await client.call(name, { ...request, query }, options)) as PageOf<ItemOf<Name>>;
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string | undefined;
}
