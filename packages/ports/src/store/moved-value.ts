import type { ColumnValue, Row } from './store.ts';

/** `json`: any value but bytes. */
export type MovedForm = 'bytes' | 'json';

/** Where the value of a column lies that is too big for its row. */
export interface MovedValue {
  readonly sha256: string;
  readonly form: string;
  readonly bytes: number;
}

/** The one key of the object that stands in a row in place of the value. */
const mark = '~blob';

export function toMoved({ sha256, form, bytes }: MovedValue): ColumnValue {
  return { [mark]: [sha256, form, bytes] };
}

/** `undefined` for a value that is in its row. */
export function movedTo(value: ColumnValue | undefined): MovedValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, mark)) return undefined;
  const place: unknown = Reflect.get(value, mark);
  if (!Array.isArray(place) || place.length !== 3) return undefined;
  const [sha256, form, bytes] = place;
  const isMoved = typeof sha256 === 'string' && typeof form === 'string' && Number.isInteger(bytes);
  return isMoved && bytes >= 0 ? { sha256, form, bytes } : undefined;
}

export function hasMovedColumns(row: Row): boolean {
  return Object.values(row).some((value) => movedTo(value) !== undefined);
}
