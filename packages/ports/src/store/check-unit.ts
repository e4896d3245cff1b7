import { storeErrors } from './errors.ts';
import { mostValueBytes, valueBytes } from './row-bytes.ts';
import { checkKey, keyColumns, keyOfRow, keyText } from './row-key.ts';
import {
  maxColumnBytes,
  maxUnitBytes,
  maxUnitWrites,
  type Row,
  type RowKey,
  type Unit,
  type Write,
} from './store.ts';
import { toStoredRow } from './stored-row.ts';
import { type TableName, tableSpec } from './tables.ts';

/** Refuses a unit that some engine could not take; answers it with its rows as they would be stored. */
export function checkUnit(unit: Unit): Unit {
  if (unit.length > maxUnitWrites) {
    throw storeErrors.badUnit({ reason: `${unit.length} writes, at most ${maxUnitWrites} fit` });
  }
  const seen = new Set<string>();
  const checkedUnit = unit.map((write) => {
    const checked = checkWrite(write);
    const key = checked.kind === 'put' ? keyOfRow(checked.table, checked.row) : checked.key;
    const text = keyText(key);
    if (seen.has(text)) throw storeErrors.badUnit({ reason: `two writes on ${text}` });
    seen.add(text);
    return checked;
  });
  checkUnitBytes(checkedUnit);
  return checkedUnit;
}

function checkUnitBytes(unit: Unit): void {
  const most = unit.reduce((sum, write) => sum + mostBytesInRow(write), 0);
  if (most <= maxUnitBytes) return;
  const bytes = unit.reduce((sum, write) => sum + bytesInRow(write), 0);
  if (bytes > maxUnitBytes)
    throw storeErrors.badUnit({ reason: `${bytes} bytes, at most ${maxUnitBytes} fit` });
}

function mostBytesInRow(write: Write): number {
  if (write.kind !== 'put' && write.kind !== 'update') return 0;
  let most = 0;
  for (const value of Object.values(write.kind === 'put' ? write.row : (write.set ?? {}))) {
    most += mostValueBytes(value);
  }
  return most;
}

/** Big columns lie elsewhere. */
function bytesInRow(write: Write): number {
  if (write.kind !== 'put' && write.kind !== 'update') return 0;
  const columns = Object.values(write.kind === 'put' ? write.row : (write.set ?? {}));
  return columns.reduce((sum: number, value) => {
    const bytes = value === undefined ? 0 : valueBytes(value);
    return bytes > maxColumnBytes ? sum : sum + bytes;
  }, 0);
}

function checkWrite(write: Write): Write {
  if (write.kind === 'put') {
    if (tableSpec(write.table) === undefined) {
      throw storeErrors.badUnit({ reason: `there is no table ${write.table}` });
    }
    return { ...write, row: toStoredRow(write.table, write.row) };
  }
  const key = checkKey(write.key);
  if (write.kind !== 'update') return { ...write, key };
  checkAdd(key, write);
  return { ...write, key, set: checkSet(key, write.set ?? {}) };
}

function checkAdd(key: RowKey, write: Extract<Write, { kind: 'update' }>): void {
  const fixed = keyColumns(key);
  for (const [column, amount] of Object.entries(write.add ?? {})) {
    if (Object.hasOwn(fixed, column) || isStoresOwn(column) || Object.hasOwn(write.set ?? {}, column)) {
      throw storeErrors.badUnit({ reason: `cannot add to ${column} of ${keyText(key)}` });
    }
    if (!Number.isFinite(amount)) {
      throw storeErrors.badUnit({ reason: `cannot add ${amount} to ${column} of ${keyText(key)}` });
    }
  }
}

/** `undefined` stays: it removes the column. */
function checkSet(key: RowKey, set: Row): Row {
  const fixed = keyColumns(key);
  const { kept, removed } = splitColumns(set);
  for (const [column, value] of Object.entries(fixed)) {
    if (!Object.hasOwn(set, column)) continue;
    if (set[column] !== value) {
      throw storeErrors.badUnit({ reason: `an update cannot change the key of ${keyText(key)}` });
    }
  }
  return { ...storedColumns(key.table, kept, fixed), ...removed };
}

function splitColumns(set: Row): { kept: Row; removed: Row } {
  const entries = Object.entries(set).filter(([column]) => !isStoresOwn(column));
  return {
    kept: Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    removed: Object.fromEntries(entries.filter(([, value]) => value === undefined)),
  };
}

function storedColumns(table: TableName, columns: Row, fixed: Row): Row {
  const stored = toStoredRow(table, { ...columns, ...fixed });
  return Object.fromEntries(Object.entries(stored).filter(([column]) => !Object.hasOwn(fixed, column)));
}

function isStoresOwn(column: string): boolean {
  return column === 'version' || column === 'updated_at';
}
