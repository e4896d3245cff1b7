import type { z } from 'zod';
import { storeErrors } from './errors.ts';
import type { Row } from './store.ts';
import { type TableName, tableSpec } from './tables.ts';

/** A stored row as its type; STORE_BAD_ROW when its columns are not as they must be. */
export function readRow<Schema extends z.ZodType>(schema: Schema, table: string, row: Row): z.infer<Schema> {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw storeErrors.badRow({
    table,
    problem: `${keyOf(table, row)}: ${issue?.path.join('.')}: ${issue?.message}`,
  });
}

/** Of what may lack even its key. */
function keyOf(table: string, row: Row): string {
  const { partition = '', sort = '' } = tableSpec(table as TableName) ?? {};
  const parts = [row[partition], row[sort]].filter((part) => part !== undefined);
  return JSON.stringify(parts);
}
