import { isCoded, mapLimit } from '@polar-gosling/kernel';
import type { Blobs } from '../blobs/blobs.ts';
import type { CallOptions } from '../call.ts';
import { loadBigColumns, storeBigColumns } from './big-columns.ts';
import { storeErrors } from './errors.ts';
import { hasMovedColumns } from './moved-value.ts';
import { openRow, sealUnit } from './sealed-columns.ts';
import type { Sealer } from './sealer.ts';
import type { Page, Row, RowKey, Unit } from './store.ts';
import type { TableName } from './tables.ts';

/** How columns lie in every engine: sealed where the table says so, and in the blob store when they are big. */
export interface ColumnCodec {
  /** A checked unit as the engine gets it: first sealed, then moved, so that the blob store sees nothing in clear. */
  encode(unit: Unit, options: CallOptions): Promise<Unit>;
  /** What was found at `keys`, as a caller gets it. */
  decodeFound(
    keys: readonly RowKey[],
    rows: readonly (Row | undefined)[],
    options: CallOptions,
  ): Promise<readonly (Row | undefined)[]>;
  decodePage(table: TableName, page: Page<Row>, options: CallOptions): Promise<Page<Row>>;
}

/** Values of this many rows are read at once: memory stays bounded however many rows are asked for. */
const readAtOnce = 8;

export function createColumnCodec(deps: { sealer: Sealer; blobs: Blobs }): ColumnCodec {
  const { sealer, blobs } = deps;

  const loadAll = async (
    stored: readonly { table: TableName; row: Row }[],
    options: CallOptions,
  ): Promise<Row[]> => {
    const moved = stored.filter(({ row }) => hasMovedColumns(row));
    if (moved.length === 0) return stored.map(({ row }) => row);
    const load = () =>
      mapLimit(moved, { limit: readAtOnce, signal: options.signal }, (one, signal) =>
        loadBigColumns(blobs, one, { signal }),
      );
    const loaded = await reachingBlobs(load, options);
    const whole = new Map(moved.map((one, place) => [one.row, loaded[place]]));
    return stored.map(({ row }) => whole.get(row) ?? row);
  };
  const decode = async (stored: readonly { table: TableName; row: Row }[], options: CallOptions) => {
    const loaded = await loadAll(stored, options);
    const rows: Row[] = [];
    for (const [place, { table }] of stored.entries()) {
      rows.push(await openRow(sealer, { table, row: loaded[place] ?? {} }, options));
    }
    return rows;
  };

  return {
    async encode(unit, options) {
      const sealed = await sealUnit(sealer, unit, options);
      return reachingBlobs(() => storeBigColumns(blobs, sealed, options), options);
    },
    async decodeFound(keys, rows, options) {
      const places = keys.flatMap((key, place) => {
        const row = rows[place];
        return row === undefined ? [] : [{ table: key.table, row, place }];
      });
      const decoded = await decode(places, options);
      const found = new Map(places.map(({ place }, at) => [place, decoded[at]]));
      return keys.map((_, place) => found.get(place));
    },
    async decodePage(table, page, options) {
      const stored = page.items.map((row) => ({ table, row }));
      return { ...page, items: await decode(stored, options) };
    },
  };
}

/** A blob store that does not answer is a store that does not answer. */
async function reachingBlobs<Result>(action: () => Promise<Result>, options: CallOptions): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const isOurs = isCoded(error) && /^(STORE|SEAL)_/.test(error.code);
    if (isOurs || options.signal.aborted) throw error;
    const why = isCoded(error) ? `: ${error.message}` : '';
    throw storeErrors.unavailable({ op: `big columns${why}` }, { cause: error });
  }
}
