import { storeErrors } from './errors.ts';
import { keyColumns, keyOfWrite, keyText } from './row-key.ts';
import type { Condition, Row, RowKey, Write } from './store.ts';
import { checkRowBytes, toStoredRow } from './stored-row.ts';

/** What a write does to its row. */
export type Effect =
  | { readonly kind: 'conflict' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'put'; readonly row: Row }
  | { readonly kind: 'delete' };

/** The effect of one write on the row as it is now (`undefined`: none, or expired). Pure; the same on every engine. */
export function applyWrite(current: Row | undefined, write: Write, nowMs: number): Effect {
  if (!isConditionMet(write.when, current)) return { kind: 'conflict' };
  switch (write.kind) {
    case 'check':
      return { kind: 'nothing' };
    case 'delete':
      return { kind: current === undefined ? 'nothing' : 'delete' };
    case 'put': {
      const row = { ...write.row, ...stamp(current, nowMs) };
      return { kind: 'put', row: checkRowBytes(write.table, Object.freeze(row)) };
    }
    case 'update': {
      const base = current ?? keyColumns(write.key);
      const sums = addedColumns(keyOfWrite(write), base, write.add ?? {});
      const row = { ...base, ...write.set, ...sums, ...stamp(current, nowMs) };
      return { kind: 'put', row: toStoredRow(write.key.table, row) };
    }
  }
}

function isConditionMet(condition: Condition, row: Row | undefined): boolean {
  switch (condition.kind) {
    case 'any':
      return true;
    case 'absent':
      return row === undefined;
    case 'present':
      return row !== undefined;
    case 'version':
      return row !== undefined && row['version'] === condition.version;
    case 'lease':
      return row !== undefined && row['fence'] === condition.fence && row['holder'] === condition.holder;
  }
}

function stamp(current: Row | undefined, nowMs: number): Row {
  const version = current?.['version'];
  return { version: typeof version === 'number' ? version + 1 : 1, updated_at: nowMs };
}

function addedColumns(key: RowKey, base: Row, add: Readonly<Record<string, number>>): Row {
  const sums = Object.entries(add).map(([column, amount]): [string, number] => {
    const before = base[column] ?? 0;
    if (typeof before !== 'number') {
      throw storeErrors.badUnit({ reason: `cannot add to ${column} of ${keyText(key)}: it is no number` });
    }
    return [column, before + amount];
  });
  return Object.fromEntries(sums);
}
