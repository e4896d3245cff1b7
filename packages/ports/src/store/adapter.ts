// What every adapter of the store shares, so that none differs in meaning. Free of zod: a writer's thread loads it.
export { applyWrite, type Effect } from './apply-write.ts';
export { checkUnit } from './check-unit.ts';
export { storeErrors } from './errors.ts';
export { encodeCursor, type ListPlan, planList } from './list-plan.ts';
export { checkKey, keyColumns, keyOfRow, keyOfWrite, keyText } from './row-key.ts';
export { isExpired, rowBytes } from './stored-row.ts';
export { type TableName, type TableSpec, tableSpec, tables } from './tables.ts';
