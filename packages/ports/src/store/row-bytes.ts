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
