import { createHash } from 'node:crypto';
import { type Row, type TableName, type TableSpec, tableSpec } from '@polar-gosling/ports/store';
import { own } from './attributes.ts';

/**
 * How an index lies in the engine. Its sort key is one attribute, but the order of the port is by the sort column and
 * then by the row's key, on every engine alike: where that is more than one column, they stand together in a text of
 * our own that sorts the same way.
 */
export interface IndexLayout {
  readonly name: string;
  readonly partition: string;
  /** The attribute that sorts: a key column, or ours. */
  readonly sort: string;
  readonly sortType: 'S' | 'N';
  /** The columns in our attribute; absent where a key column sorts. */
  readonly parts?: readonly string[];
  /** A row without this column is not in the index. */
  readonly required?: string;
}

/** Stands between the parts: below all that a name holds. */
const border = '\u0001';
/** Above the border, below all else: the end of all texts that begin with a part. */
const afterBorder = '\u0002';
/** A sort key may have 1,024 bytes: the longest first part (900) and this much of the rest. */
const mostRest = 100;

export function indexLayouts(table: TableName): readonly IndexLayout[] {
  return Object.keys(tableSpec(table).indexes).map((index) => indexLayout(table, index));
}

export function indexLayout(table: TableName, index: string): IndexLayout {
  const spec = tableSpec(table);
  const { partition, sort } = spec.indexes[index] ?? { partition: index };
  const key = keyColumnsOf(spec);
  const parts = [...new Set([...(sort === undefined ? [] : [sort]), ...key])].filter(
    (column) => column !== partition,
  );
  const name = `by_${index}`;
  const [only = ''] = parts;
  if (parts.length === 1 && key.includes(only)) {
    return { name, partition, sort: only, sortType: attributeType(spec, only) };
  }
  const required = sort === undefined ? {} : { required: sort };
  return { name, partition, sort: `${own}${name}`, sortType: 'S', parts, ...required };
}

export function keyColumnsOf(spec: TableSpec): readonly string[] {
  return spec.sort === undefined ? [spec.partition] : [spec.partition, spec.sort];
}

export function attributeType(spec: TableSpec, column: string): 'S' | 'N' {
  return column === spec.sort && spec.sortType === 'n' ? 'N' : 'S';
}

/** What our attributes of a whole row are. */
export function sortTexts(table: TableName, row: Row): Row {
  const texts = indexLayouts(table).flatMap(({ sort, parts, required }): [string, string][] => {
    const isIn = parts !== undefined && (required === undefined || row[required] !== undefined);
    return isIn ? [[sort, sortText(parts.map((column) => row[column]))]] : [];
  });
  return Object.fromEntries(texts);
}

export function sortText(values: readonly unknown[]): string {
  const [first, ...others] = values.map(encode);
  if (others.length === 0) return first ?? '';
  const rest = others.join(border);
  const isLong = Buffer.byteLength(rest) > mostRest;
  return `${first}${border}${isLong ? shortened(rest) : rest}`;
}

/** The lowest and the highest text of rows whose first part is `value`. */
export function sortBounds(value: string | number): { least: string; most: string } {
  const text = encode(value);
  return { least: text, most: text + afterBorder };
}

function encode(value: unknown): string {
  return typeof value === 'number' ? encodeNumber(value) : String(value);
}

/** 16 hex digits that sort as the numbers do: the bits of a double, those of negative ones turned over. */
function encodeNumber(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value + 0);
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  for (const [place, byte] of bytes.entries()) bytes[place] = isNegative ? byte ^ 0xff : byte;
  if (!isNegative) bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes.toString('hex');
}

/** Only rows that are equal in their first part and in a long beginning of the rest lose their order by it. */
function shortened(rest: string): string {
  const start = Buffer.from(rest)
    .subarray(0, mostRest - 44)
    .toString('utf8')
    .replace(/\ufffd$/, '');
  return start + createHash('sha256').update(rest).digest('base64url');
}
