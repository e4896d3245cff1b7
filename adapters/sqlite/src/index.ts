export { backupTo as backupDatabase } from './backup.ts';
export { type DatabaseReport, inspectDatabase, inspectOutbox, type OutboxReport } from './inspect.ts';
export { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
