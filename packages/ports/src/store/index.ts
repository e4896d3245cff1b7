export type { CallOptions } from '../call.ts';
export { storeErrors } from './errors.ts';
export { PinRow } from './pin-row.ts';
export { readRow } from './read-row.ts';
export {
  ApiTokenRow,
  AuditRow,
  BindingRow,
  CiJobRow,
  DeploymentRow,
  EggConfigRow,
  EggMemberRow,
  EggStateRow,
  LeaseRow,
  MarkRow,
  OutboxRow,
  PlanRow,
  ProjectRow,
  RegistrationRow,
  RunnerAgentRow,
  RunnerRow,
  SelfJobRow,
  SwitchRow,
  SyncRow,
  WebhookDeliveryRow,
  WebhookTokenRow,
} from './rows.ts';
export { ProgressLine, RunRow } from './run-row.ts';
export { sealErrors } from './seal-errors.ts';
export type { Sealer } from './sealer.ts';
export {
  type ColumnValue,
  type CommitResult,
  type Condition,
  maxRowBytes,
  maxUnitWrites,
  type Page,
  type ReadOnly,
  type Row,
  type RowKey,
  type Store,
  type StoreQuery,
  type Unit,
  type Write,
} from './store.ts';
export { type IndexSpec, type TableName, type TableSpec, tableSpec, tables } from './tables.ts';
export { TofuCacheRow } from './tofu-cache-row.ts';
export { ToolVersionRow } from './tool-version-row.ts';
