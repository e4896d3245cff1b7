import { deflate, inflate } from '@polar-gosling/kernel';
import { storeErrors } from './errors.ts';
import { keyOfRow, keyOfWrite, keyText } from './row-key.ts';
import type { Sealer } from './sealer.ts';
import type { ColumnValue, Row, RowKey, Unit, Write } from './store.ts';
import { tableSpec } from './tables.ts';

const isBytes = 0;
const isJson = 1;
/** Above the 300 KB of a row: what unpacks to more was not written by us. */
const maxUnpackedBytes = 1024 * 1024;

/** The unit with its sealed columns encrypted: nothing after this sees them in clear. */
export function sealUnit(sealer: Sealer, unit: Unit): Unit {
  return unit.map((write) => sealWrite(sealer, write));
}

/** The row with its sealed columns readable; STORE_BAD_ROW when one was changed or moved. */
export function openRow(sealer: Sealer, table: RowKey['table'], row: Row): Row {
  const { sealed = [] } = tableSpec(table);
  const present = sealed.filter((column) => row[column] !== undefined);
  if (present.length === 0) return row;
  const key = keyOfRow(table, row);
  const opened = present.map((column) => [column, openColumn(sealer, { key, column }, row[column])]);
  return { ...row, ...Object.fromEntries(opened) };
}

function sealWrite(sealer: Sealer, write: Write): Write {
  if (write.kind === 'check' || write.kind === 'delete') return write;
  const key = keyOfWrite(write);
  const { sealed = [] } = tableSpec(key.table);
  if (sealed.length === 0) return write;
  const seal = (columns: Row): Row => {
    const present = sealed.filter((column) => columns[column] !== undefined);
    const closed = present.map((column) => [column, sealColumn(sealer, { key, column }, columns[column])]);
    return { ...columns, ...Object.fromEntries(closed) };
  };
  return write.kind === 'put' ? { ...write, row: seal(write.row) } : { ...write, set: seal(write.set ?? {}) };
}

interface Place {
  readonly key: RowKey;
  readonly column: string;
}

function sealColumn(sealer: Sealer, place: Place, value: ColumnValue | undefined): Uint8Array {
  const isJsonValue = !(value instanceof Uint8Array);
  const content = isJsonValue ? new TextEncoder().encode(JSON.stringify(value)) : value;
  const packed = new Uint8Array(content.length + 1);
  packed[0] = isJsonValue ? isJson : isBytes;
  packed.set(content, 1);
  return sealer.seal(deflate(packed), contextOf(place));
}

function openColumn(sealer: Sealer, place: Place, value: ColumnValue | undefined): ColumnValue {
  try {
    const bytes = value instanceof Uint8Array ? value : new Uint8Array();
    const packed = inflate(sealer.open(bytes, contextOf(place)), maxUnpackedBytes);
    const content = packed.subarray(1);
    return packed[0] === isJson ? JSON.parse(new TextDecoder().decode(content)) : new Uint8Array(content);
  } catch (error) {
    const problem = `${place.column} of ${keyText(place.key)} cannot be unsealed`;
    throw storeErrors.badRow({ table: place.key.table, problem }, { cause: error });
  }
}

/** Binds the sealed bytes to where they stand: copied to another row they do not open. */
function contextOf({ key, column }: Place): string {
  return `${keyText(key)} ${column}`;
}
