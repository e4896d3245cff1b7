// What every adapter of the store shares, so that none differs in meaning. Free of zod: a writer's thread loads it.
export { applyWrite, type Effect } from './apply-write.ts';
export { checkUnit } from './check-unit.ts';
export { type ColumnCodec, createColumnCodec } from './column-codec.ts';
export { compareKeys } from './compare-keys.ts';
export { storeErrors } from './errors.ts';
export { createInFlight } from './in-flight.ts';
export { encodeCursor, type ListPlan, planList } from './list-plan.ts';
export { type ResealDeps, resealRows } from './reseal-rows.ts';
export { rowBytes } from './row-bytes.ts';
export { checkKey, keyColumns, keyOfRow, keyOfWrite, keyText } from './row-key.ts';
export { isExpired } from './stored-row.ts';
export type { StoredRows } from './stored-rows.ts';
export { type ContentSweep, type ContentSweepDeps, sweepContent } from './sweep-content.ts';
export { type TableName, type TableSpec, tableSpec, tables } from './tables.ts';
export { createWriteGate, type WriteGate } from './write-gate.ts';
