import { deflate, inflate, isCoded } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import { storeErrors } from './errors.ts';
import { keyOfRow, keyOfWrite, keyText } from './row-key.ts';
import { sealErrors } from './seal-errors.ts';
import type { Sealer } from './sealer.ts';
import type { ColumnValue, Row, RowKey, Unit, Write } from './store.ts';
import { tableSpec } from './tables.ts';

const isBytes = 0;
const isJson = 1;
/** Above the 300 KB of a row: what unpacks to more was not written by us. */
const maxUnpackedBytes = 1024 * 1024;

/** The unit with its sealed columns encrypted: nothing after this sees them in clear. */
export async function sealUnit(sealer: Sealer, unit: Unit, options: CallOptions): Promise<Unit> {
  if (!unit.some(hasSealedColumns)) return unit;
  return Promise.all(unit.map((write) => sealWrite(sealer, write, options)));
}

/** The row with its sealed columns readable; SEAL_BROKEN or SEAL_UNKNOWN_KEY names the one that does not open. */
export async function openRow(
  sealer: Sealer,
  stored: { readonly table: RowKey['table']; readonly row: Row },
  options: CallOptions,
): Promise<Row> {
  const { table, row } = stored;
  const present = sealedColumns(table, row);
  if (present.length === 0) return row;
  const key = keyOfRow(table, row);
  const opened: [string, ColumnValue][] = [];
  for (const column of present) {
    opened.push([column, await openColumn({ sealer, options }, { key, column }, row[column])]);
  }
  return { ...row, ...Object.fromEntries(opened) };
}

/** Columns of this row that are sealed where they lie. */
export function sealedColumns(table: RowKey['table'], row: Row): readonly string[] {
  return (tableSpec(table).sealed ?? []).filter((column) => row[column] !== undefined);
}

/** Table, key and column: what the sealed bytes are bound to, so that copied to another row they do not open. */
export function sealedPlace(key: RowKey, column: string): string {
  return `${keyText(key)} ${column}`;
}

function hasSealedColumns(write: Write): boolean {
  return sealedColumns(keyOfWrite(write).table, columnsOf(write)).length > 0;
}

function columnsOf(write: Write): Row {
  if (write.kind === 'put') return write.row;
  return write.kind === 'update' ? (write.set ?? {}) : {};
}

async function sealWrite(sealer: Sealer, write: Write, options: CallOptions): Promise<Write> {
  const key = keyOfWrite(write);
  const columns = columnsOf(write);
  const present = sealedColumns(key.table, columns);
  if (present.length === 0) return write;
  const closed: [string, Uint8Array][] = [];
  for (const column of present) {
    closed.push([column, await sealColumn({ sealer, options }, { key, column }, columns[column])]);
  }
  const sealed = { ...columns, ...Object.fromEntries(closed) };
  if (write.kind === 'put') return { ...write, row: sealed };
  return write.kind === 'update' ? { ...write, set: sealed } : write;
}

interface Sealing {
  readonly sealer: Sealer;
  readonly options: CallOptions;
}

interface Place {
  readonly key: RowKey;
  readonly column: string;
}

async function sealColumn(
  { sealer, options }: Sealing,
  { key, column }: Place,
  value: ColumnValue | undefined,
): Promise<Uint8Array> {
  const isJsonValue = !(value instanceof Uint8Array);
  const content = isJsonValue ? new TextEncoder().encode(JSON.stringify(value)) : value;
  const packed = new Uint8Array(content.length + 1);
  packed[0] = isJsonValue ? isJson : isBytes;
  packed.set(content, 1);
  return reachingKeys(() => sealer.seal(deflate(packed), sealedPlace(key, column), options), options);
}

async function openColumn(
  { sealer, options }: Sealing,
  { key, column }: Place,
  value: ColumnValue | undefined,
): Promise<ColumnValue> {
  const place = sealedPlace(key, column);
  const bytes = value instanceof Uint8Array ? value : new Uint8Array();
  try {
    const packed = inflate(
      await reachingKeys(() => sealer.open(bytes, place, options), options),
      maxUnpackedBytes,
    );
    const content = packed.subarray(1);
    return packed[0] === isJson ? JSON.parse(new TextDecoder().decode(content)) : new Uint8Array(content);
  } catch (error) {
    const isKnown = isCoded(error) && /^(SEAL|SECRET|STORE)_/.test(error.code);
    if (isKnown || options.signal.aborted) throw error;
    throw sealErrors.broken({ place }, { cause: error });
  }
}

/** A secret store that does not answer is a store that does not answer. */
async function reachingKeys(
  action: () => Uint8Array | Promise<Uint8Array>,
  options: CallOptions,
): Promise<Uint8Array> {
  try {
    return await action();
  } catch (error) {
    if (options.signal.aborted || !isCoded(error, 'SECRET_UNREADABLE')) throw error;
    throw storeErrors.unavailable({ op: 'the key ring' }, { cause: error });
  }
}
