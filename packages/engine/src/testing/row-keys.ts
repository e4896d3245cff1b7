import { type RowKey, tableSpec, type Write } from '@polar-gosling/ports/store';

/** The key of the row that a write is about. */
export function keyOf(write: Write): RowKey {
  if (write.kind !== 'put') return write.key;
  const { partition, sort } = tableSpec(write.table);
  const key = { table: write.table, partition: String(write.row[partition]) };
  const value = sort === undefined ? undefined : write.row[sort];
  return typeof value === 'string' || typeof value === 'number' ? { ...key, sort: value } : key;
}
