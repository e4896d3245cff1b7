import type { Json } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import type { TableName } from './tables.ts';

/** `s` text, `n` number, `b` bytes, `t` true/false, `j` JSON. An absent column is absent, never null. */
export type ColumnValue = string | number | boolean | Uint8Array | Json;

/** A row as stored: its columns by name, with `version` and `updated_at` set by the store. */
export type Row = { readonly [column: string]: ColumnValue | undefined };

export interface RowKey {
  readonly table: TableName;
  readonly partition: string;
  /** Only for tables with a sort key. */
  readonly sort?: string | number;
}

/**
 * What must hold for a write, judged against the row as it is at that moment:
 * a version, that there is none, that there is one, a lease row that still has my fence and holder, or anything.
 */
export type Condition =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'lease'; readonly fence: number; readonly holder: string }
  | { readonly kind: 'any' };

export type Write =
  /** Replaces the whole row. The key columns are taken from `row`. */
  | { readonly kind: 'put'; readonly table: TableName; readonly row: Row; readonly when: Condition }
  /** Changes columns of one row; with `any` it makes the row when there is none. `undefined` in `set` removes the column. */
  | {
      readonly kind: 'update';
      readonly key: RowKey;
      readonly set?: Row;
      /** Adds to number columns; an absent one counts as 0. */
      readonly add?: { readonly [column: string]: number };
      readonly when: Condition;
    }
  | { readonly kind: 'delete'; readonly key: RowKey; readonly when: Condition }
  /** Writes nothing, but the unit holds only if this holds. */
  | { readonly kind: 'check'; readonly key: RowKey; readonly when: Condition };

/** Up to 25 writes on different rows, all or none. */
export type Unit = readonly Write[];

export const maxUnitWrites = 25;
/** Rows above this are refused on every adapter, so that none behaves differently. */
export const maxRowBytes = 300 * 1024;
/** Columns above this lie in the blob store, under the hash of their bytes; the row names that hash. */
export const maxColumnBytes = 64 * 1024;
/** Keys and index columns above this are refused on every adapter: DynamoDB takes 1,024 bytes of a sort key. */
export const maxKeyBytes = 900;
/** All rows of a unit together: DynamoDB takes 4 MB. Columns that lie in the blob store do not count. */
export const maxUnitBytes = 3 * 1024 * 1024;

export type CommitResult =
  | { readonly kind: 'ok' }
  /** `item`: index of the first write whose condition did not hold. */
  | { readonly kind: 'conflict'; readonly item: number };

/** One partition of a table or of an index, or (only tables that allow it) the whole table. */
export interface StoreQuery {
  readonly table: TableName;
  /** Name of a secondary index; absent: the table itself. Indexes may lag; never decide by them. */
  readonly index?: string;
  /** Absent: scan, only on tables with `scan: true`. */
  readonly partition?: string;
  /** Bounds of the sort key, both inclusive. */
  readonly from?: string | number;
  readonly to?: string | number;
  readonly order?: 'asc' | 'desc';
  /** At most 1,000; default 100. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent: nothing follows. */
  readonly cursor?: string;
}

/** That a store takes no writes. */
export interface ReadOnly {
  /** In the engine's words. */
  readonly reason: string;
  /** When the first of these writes was tried. */
  readonly since: number;
}

/** Durable rows. Each answer of `commit` comes after the bytes are safe on disk. */
export interface Store {
  /** Reads rows by key, consistently; a missing or expired row is `undefined` at its place. Safe to repeat. */
  get(keys: readonly RowKey[], options: CallOptions): Promise<readonly (Row | undefined)[]>;
  /** One page of one partition or index in sort order, expired rows left out. Safe to repeat. */
  list(query: StoreQuery, options: CallOptions): Promise<Page<Row>>;
  /**
   * Up to 25 conditional writes, all or none. Not safe to repeat blindly: after an unknown outcome a repetition answers
   * `conflict` where the first one took effect. Fails with STORE_UNAVAILABLE (nothing was acknowledged),
   * STORE_READ_ONLY, STORE_ITEM_TOO_BIG, STORE_BAD_UNIT.
   */
  commit(unit: Unit, options: CallOptions): Promise<CommitResult>;
  /**
   * Since when and why it has refused writes, once it did so for 5 s; reads go on. `undefined`: it takes them. Asks
   * nobody, so it may be told of the end only by the next write.
   */
  readOnly(): ReadOnly | undefined;
  /** Ends connections and threads; waits for commits under way. */
  close(): Promise<void>;
}
