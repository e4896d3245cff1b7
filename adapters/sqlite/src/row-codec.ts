import type { ColumnValue, Row } from '@polar-gosling/ports/store';

/** A row as text: `c` holds its columns, `b` those that are bytes, as base64. */
export function encodeRow(row: Row): string {
  return hasBytes(row) ? encodeWithBytes(row) : JSON.stringify({ c: row });
}

function hasBytes(row: Row): boolean {
  for (const column of Object.keys(row)) if (row[column] instanceof Uint8Array) return true;
  return false;
}

function encodeWithBytes(row: Row): string {
  const columns: [string, ColumnValue | undefined][] = [];
  const bytes: [string, string][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof Uint8Array) bytes.push([name, toBase64(value)]);
    else columns.push([name, value]);
  }
  return JSON.stringify({ c: Object.fromEntries(columns), b: Object.fromEntries(bytes) });
}

export function decodeRow(doc: string): Row {
  const { c, b } = JSON.parse(doc) as { c: Row; b?: Readonly<Record<string, string>> };
  if (b === undefined) return c;
  const bytes = Object.entries(b).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, 'base64'))]);
  return { ...c, ...Object.fromEntries(bytes) };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
