/** What every adapter of the store shares, so that none differs in meaning. */
export { applyWrite, type Effect } from './apply-write.ts';
export { checkUnit } from './check-unit.ts';
export { encodeCursor, type ListPlan, planList } from './list-plan.ts';
export { checkKey, keyColumns, keyOfRow, keyOfWrite, keyText } from './row-key.ts';
export { isExpired, rowBytes } from './stored-row.ts';
