import type { DatabaseSync } from 'node:sqlite';
import { isCoded, type JsonObject } from '@polar-gosling/kernel';
import type { CommitResult, Row, RowKey, Unit } from '@polar-gosling/ports/store';
import {
  applyWrite,
  type Effect,
  isExpired,
  keyOfWrite,
  tableSpec,
} from '@polar-gosling/ports/store/adapter';
import { quote, tableNames } from './layout.ts';
import { decodeRow, encodeRow } from './row-codec.ts';
import { deleteRow, keyValues, selectRow, upsertRow } from './row-statements.ts';
import { createStatements } from './statements.ts';

/** What became of one unit of a group. Plain data: it crosses the border of a thread. */
export type UnitOutcome =
  | CommitResult
  | { readonly kind: 'refused'; readonly code: string; readonly params: JsonObject };

export interface Writer {
  /** Commits the units that hold, with one sync to disk for all. Throws when the group as a whole could not be written. */
  commitGroup(units: readonly Unit[], nowMs: number): readonly UnitOutcome[];
  /** Removes some rows that are long past their end. */
  purgeExpired(nowMs: number): void;
  close(): void;
}

const purgeEveryMs = 60_000;
/** So little at once that no commit waits long; what is left comes soon after, so that more never ends than goes. */
const purgeRows = 500;
const purgeMoreMs = 1_000;

export function createWriter(db: DatabaseSync): Writer {
  const statement = createStatements(db);
  const run = (sql: string) => statement(sql).run();
  let nextPurgeAt = Number.NEGATIVE_INFINITY;

  const find = (key: RowKey, nowMs: number): Row | undefined => {
    const found = statement(selectRow(key.table)).get(...keyValues(key));
    if (found === undefined) return undefined;
    const row = decodeRow(String(found['doc']));
    return isExpired(key.table, row, nowMs) ? undefined : row;
  };

  const perform = (key: RowKey, effect: Effect): void => {
    if (effect.kind === 'put') {
      statement(upsertRow(key.table)).run(...keyValues(key), encodeRow(effect.row));
    }
    if (effect.kind === 'delete') statement(deleteRow(key.table)).run(...keyValues(key));
  };

  const commitUnit = (unit: Unit, nowMs: number): UnitOutcome => {
    for (const [item, write] of unit.entries()) {
      const key = keyOfWrite(write);
      const effect = applyWrite(find(key, nowMs), write, nowMs);
      if (effect.kind === 'conflict') return { kind: 'conflict', item };
      perform(key, effect);
    }
    return { kind: 'ok' };
  };

  const inSavepoint = (unit: Unit, nowMs: number): UnitOutcome => {
    run('SAVEPOINT unit');
    const outcome = refusals(() => commitUnit(unit, nowMs));
    if (outcome.kind !== 'ok') run('ROLLBACK TO unit');
    run('RELEASE unit');
    return outcome;
  };

  return {
    commitGroup(units, nowMs) {
      try {
        run('BEGIN IMMEDIATE');
        const outcomes = units.map((unit) => inSavepoint(unit, nowMs));
        run('COMMIT');
        return outcomes;
      } catch (error) {
        // A full disk or an I/O error may have ended the transaction already.
        if (db.isTransaction) run('ROLLBACK');
        throw error;
      }
    },
    purgeExpired(nowMs) {
      if (nowMs < nextPurgeAt) return;
      nextPurgeAt = nowMs + purgeEveryMs;
      for (const table of tableNames()) {
        const { expires } = tableSpec(table);
        if (expires === undefined) continue;
        const old = `SELECT rowid FROM ${table} WHERE ${quote(expires)} < ? LIMIT ${purgeRows}`;
        const { changes } = statement(`DELETE FROM ${table} WHERE rowid IN (${old})`).run(nowMs);
        if (changes >= purgeRows) nextPurgeAt = nowMs + purgeMoreMs;
      }
    },
    close() {
      if (db.isOpen) db.close();
    },
  };
}

/** A unit that no engine takes is the fault of its caller alone; every other error is the group's. */
function refusals(commit: () => UnitOutcome): UnitOutcome {
  try {
    return commit();
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { kind: 'refused', code: error.code, params: error.params };
  }
}
