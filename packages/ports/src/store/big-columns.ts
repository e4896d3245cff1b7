import { type CodedError, isCoded, sha256Hex } from '@polar-gosling/kernel';
import type { Blobs } from '../blobs/blobs.ts';
import { readContent } from '../blobs/content.ts';
import type { CallOptions } from '../call.ts';
import { storeErrors } from './errors.ts';
import { type MovedForm, movedTo, toMoved } from './moved-value.ts';
import { mostValueBytes, valueBytes } from './row-bytes.ts';
import { keyOfRow, keyText } from './row-key.ts';
import { sealErrors } from './seal-errors.ts';
import { sealedColumns, sealedPlace } from './sealed-columns.ts';
import { type ColumnValue, maxColumnBytes, type Row, type Unit, type Write } from './store.ts';
import type { TableName } from './tables.ts';

/**
 * The unit with its big columns moved to the blob store, which has them before the row names them: a crash between
 * leaves a value that no row names, never a row without its value.
 */
export async function storeBigColumns(blobs: Blobs, unit: Unit, options: CallOptions): Promise<Unit> {
  if (!unit.some((write) => isBigWrite(write))) return unit;
  return Promise.all(unit.map((write) => storeWrite(blobs, write, options)));
}

/** The row with its big columns read back; STORE_BAD_ROW when one is gone or was changed, SEAL_BROKEN for a sealed one. */
export async function loadBigColumns(
  blobs: Blobs,
  stored: { table: TableName; row: Row },
  options: CallOptions,
): Promise<Row> {
  const columns = Object.entries(stored.row).flatMap(([column, value]) => {
    const moved = movedTo(value);
    return moved === undefined ? [] : [{ column, moved }];
  });
  const loaded = columns.map(async ({ column, moved: { sha256, form } }): Promise<[string, ColumnValue]> => {
    const bytes = await readChecked(blobs, sha256, options);
    if (typeof bytes === 'string') throw unreadable(stored, column, bytes);
    return [column, form === 'bytes' ? new Uint8Array(bytes) : parse(bytes)];
  });
  return { ...stored.row, ...Object.fromEntries(await Promise.all(loaded)) };
}

/** The bytes of a moved column as they lie, sealed ones still sealed; `undefined` when they are gone or changed. */
export async function readMoved(
  blobs: Blobs,
  value: ColumnValue | undefined,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const moved = movedTo(value);
  if (moved === undefined) return undefined;
  const bytes = await readChecked(blobs, moved.sha256, options);
  return typeof bytes === 'string' ? undefined : bytes;
}

function unreadable(
  stored: { table: TableName; row: Row },
  column: string,
  how: 'gone' | 'changed',
): CodedError {
  const key = keyOfRow(stored.table, stored.row);
  const isSealed = sealedColumns(stored.table, stored.row).includes(column);
  if (isSealed && how === 'changed') return sealErrors.broken({ place: sealedPlace(key, column) });
  const found = how === 'gone' ? 'is not in the blob store' : 'was changed in the blob store';
  return storeErrors.badRow({ table: stored.table, problem: `${column} of ${keyText(key)} ${found}` });
}

function isBigWrite(write: Write): boolean {
  return Object.values(columnsOf(write)).some(isBig);
}

/** What looks like our mark but is a caller's own value is moved too: so every mark in a row is ours. */
function isBig(value: ColumnValue | undefined): boolean {
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return false;
  if (movedTo(value) !== undefined) return true;
  return mostValueBytes(value) > maxColumnBytes && valueBytes(value) > maxColumnBytes;
}

async function storeWrite(blobs: Blobs, write: Write, options: CallOptions): Promise<Write> {
  const big = Object.entries(columnsOf(write)).filter(([, value]) => isBig(value));
  if (big.length === 0) return write;
  const moved = await Promise.all(
    big.map(async ([column, value]) => [column, await storeValue(blobs, value, options)]),
  );
  const columns = { ...columnsOf(write), ...Object.fromEntries(moved) };
  if (write.kind === 'put') return { ...write, row: columns };
  return write.kind === 'update' ? { ...write, set: columns } : write;
}

async function storeValue(
  blobs: Blobs,
  value: ColumnValue | undefined,
  options: CallOptions,
): Promise<ColumnValue> {
  const form: MovedForm = value instanceof Uint8Array ? 'bytes' : 'json';
  const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value));
  const sha256 = sha256Hex(bytes);
  await blobs.write(keyOf(sha256), bytes, options);
  return toMoved({ sha256, form, bytes: bytes.length });
}

/** `changed`: the bytes are not those that were written. */
async function readChecked(
  blobs: Blobs,
  sha256: string,
  options: CallOptions,
): Promise<Uint8Array | 'gone' | 'changed'> {
  try {
    const bytes = await readContent(blobs, keyOf(sha256), options);
    if (bytes === undefined) return 'gone';
    return sha256Hex(bytes) === sha256 ? bytes : 'changed';
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT')) return 'changed';
    throw error;
  }
}

function columnsOf(write: Write): Row {
  if (write.kind === 'put') return write.row;
  return write.kind === 'update' ? (write.set ?? {}) : {};
}

/** Where a moved column lies. */
export function keyOf(sha256: string): string {
  return `columns/${sha256}`;
}

function parse(bytes: Uint8Array): ColumnValue {
  return JSON.parse(new TextDecoder().decode(bytes));
}
