import type { ColumnValue, Unit, Write } from '@polar-gosling/ports/store';
import type { PackedUnit } from './thread-messages.ts';

/** Bytes, and columns that an update removes, are no JSON: such a unit stays as it is. */
export function packUnit(unit: Unit): PackedUnit {
  return unit.every(isJsonWrite) ? JSON.stringify(unit) : unit;
}

export function unpackUnit(packed: PackedUnit): Unit {
  return typeof packed === 'string' ? (JSON.parse(packed) as Unit) : packed;
}

function isJsonWrite(write: Write): boolean {
  if (write.kind === 'put') return Object.values(write.row).every(isJsonValue);
  return write.kind !== 'update' || Object.values(write.set ?? {}).every(isJsonValue);
}

/** What is inside a column is JSON in any case. */
function isJsonValue(value: ColumnValue | undefined): boolean {
  return value !== undefined && !(value instanceof Uint8Array);
}
