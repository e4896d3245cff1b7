import type { Row, RowKey, Store, TableName, Unit } from '@polar-gosling/ports/store';
import { keyOf } from './row-keys.ts';

export interface RecordingStore {
  readonly store: Store;
  /** Every row of a table as it is now. */
  rows(table: TableName): Promise<Row[]>;
  /** Every row of every table that anybody ever wrote. */
  everything(): Promise<Row[]>;
  /** Changes of a runner's state without an audit row in the same transaction. */
  readonly unaudited: string[];
  /** Ids of plans that count as being applied though their run is over. */
  leftPlans(): Promise<string[]>;
}

/** A store that can be looked at whole, and that sees whether each change of a runner's state is audited. */
export function createRecordingStore(inner: Store): RecordingStore {
  const keys = new Map<string, RowKey>();
  const unaudited: string[] = [];
  const never = new AbortController().signal;
  const store: Store = {
    get: (wanted, options) => inner.get(wanted, options),
    list: (query, options) => inner.list(query, options),
    readOnly: () => inner.readOnly(),
    close: () => inner.close(),
    async commit(unit, options) {
      const changed = await runnersChanged(inner, unit);
      const result = await inner.commit(unit, options);
      if (result.kind === 'conflict') return result;
      for (const write of unit) {
        const key = keyOf(write);
        keys.set(JSON.stringify(key), key);
      }
      for (const id of changed) if (!isAudited(unit, id)) unaudited.push(id);
      return result;
    },
  };
  const rows = async (table: TableName): Promise<Row[]> => {
    const wanted = [...keys.values()].filter((key) => key.table === table);
    return (await inner.get(wanted, { signal: never })).filter((row) => row !== undefined);
  };
  return {
    store,
    unaudited,
    rows,
    async leftPlans() {
      const open = (await rows('runs'))
        .filter(({ state }) => state !== 'settled')
        .map((run) => run['plan_id']);
      const plans = (await rows('deployment_plans')).filter(({ status }) => status === 'applying');
      return plans.map(({ id }) => String(id)).filter((id) => !open.includes(id));
    },
    async everything() {
      return (await inner.get([...keys.values()], { signal: never })).filter((row) => row !== undefined);
    },
  };
}

async function runnersChanged(inner: Store, unit: Unit): Promise<string[]> {
  const changed: string[] = [];
  for (const write of unit) {
    if (write.kind === 'put' && write.table === 'runners') changed.push(String(write.row['id']));
    if (write.kind !== 'update' || write.key.table !== 'runners') continue;
    const [before] = await inner.get([write.key], { signal: new AbortController().signal });
    const state = write.set?.['state'];
    if (state !== undefined && before?.['state'] !== state) changed.push(write.key.partition);
  }
  return changed;
}

function isAudited(unit: Unit, id: string): boolean {
  return unit.some(
    (write) => write.kind === 'put' && write.table === 'audit_logs' && write.row['resource_id'] === id,
  );
}
