import type { z } from 'zod';
import { storeErrors } from './errors.ts';
import type { Row } from './store.ts';

/** A stored row as its type; STORE_BAD_ROW when its columns are not as they must be. */
export function readRow<Schema extends z.ZodType>(schema: Schema, table: string, row: Row): z.infer<Schema> {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw storeErrors.badRow({ table, problem: `${issue?.path.join('.')}: ${issue?.message}` });
}
