import type { Json } from '@polar-gosling/kernel';
import { movedTo } from './moved-value.ts';
import type { ColumnValue, Row } from './store.ts';

/** Size of a row: its JSON as UTF-8 plus its bytes columns, wherever its columns lie. */
export function rowBytes(row: Row): number {
  let bytes = 0;
  const rest = Object.entries(row).filter(([, value]) => {
    const own = value instanceof Uint8Array ? value.length : movedTo(value)?.bytes;
    bytes += own ?? 0;
    return own === undefined;
  });
  return bytes + utf8Bytes(JSON.stringify(Object.fromEntries(rest)));
}

/** The same of one value. */
export function valueBytes(value: ColumnValue): number {
  return value instanceof Uint8Array ? value.length : utf8Bytes(JSON.stringify(value));
}

/**
 * At least as many bytes as `rowBytes` counts, at a fraction of its price: no text is made. Enough where only a limit
 * is asked for and nearly every row is far below it.
 */
export function mostRowBytes(row: Row): number {
  let most = 2;
  for (const name of Object.keys(row)) most += mostTextBytes(name) + 2 + mostValueBytes(row[name]);
  return most;
}

/** The same for `valueBytes`. */
export function mostValueBytes(value: ColumnValue | undefined): number {
  if (typeof value === 'string') return mostTextBytes(value);
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return longestNumber;
  let most = 2 + (movedTo(value)?.bytes ?? 0);
  const inside = value as Readonly<Record<string, Json>>; // an array by its places
  for (const name of Object.keys(inside)) most += mostTextBytes(name) + 2 + mostValueBytes(inside[name]);
  return most;
}

/** `-1.2345678901234567e-100`, and a little more. */
const longestNumber = 25;

/** Where every unit is written as `\u0000`. */
function mostTextBytes(text: string): number {
  return 2 + 6 * text.length;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let place = 0; place < text.length; place++) {
    const unit = text.charCodeAt(place);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}
