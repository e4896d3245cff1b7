import type { PageRequest } from '@polar-gosling/engine';

const defaultLimit = 100;

/** The page a query asks for, its other fields aside. */
export function pageRequest(query: {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}): PageRequest {
  const limit = query.limit ?? defaultLimit;
  return query.cursor === undefined ? { limit } : { limit, cursor: query.cursor };
}
