import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import {
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
  PinRow,
  PlanRow,
  ProjectRow,
  RegistrationRow,
  RunnerAgentRow,
  RunnerRow,
  RunRow,
  readRow,
  SelfJobRow,
  SwitchRow,
  SyncRow,
  type TableName,
  TofuCacheRow,
  ToolVersionRow,
  tableSpec,
  WebhookDeliveryRow,
  WebhookTokenRow,
} from '@polar-gosling/ports/store';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore, inspectDatabase } from './index.ts';
import { tableNames } from './layout.ts';
import { type Migration, migrate, newestMigration } from './migrations.ts';

/** Of what is read with a schema; the others are read column by column. */
const schemas: Record<Exclude<TableName, WithoutSchema>, Parameters<typeof readRow>[0]> = {
  egg_configs: EggConfigRow,
  egg_state: EggStateRow,
  egg_members: EggMemberRow,
  bindings: BindingRow,
  projects: ProjectRow,
  webhook_tokens: WebhookTokenRow,
  registrations: RegistrationRow,
  ci_jobs: CiJobRow,
  runners: RunnerRow,
  runner_agents: RunnerAgentRow,
  marks: MarkRow,
  deployments: DeploymentRow,
  pins: PinRow,
  deployment_plans: PlanRow,
  runs: RunRow,
  leases: LeaseRow,
  webhook_deliveries: WebhookDeliveryRow,
  outbox: OutboxRow,
  sync_history: SyncRow,
  jobs: SelfJobRow,
  audit_logs: AuditRow,
  api_tokens: ApiTokenRow,
  switches: SwitchRow,
  opentofu_version: ToolVersionRow,
  gosling_version: ToolVersionRow,
  tofu_cache: TofuCacheRow,
};
type WithoutSchema =
  | 'runner_metrics'
  | 'budgets'
  | 'sync_confirmations'
  | 'ticks'
  | 'notifications'
  | 'schema';

const root = mkdtempSync(join(tmpdir(), 'gosling-migrations-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const { signal } = new AbortController();

const first: Migration = { number: 1, name: 'first tables', up: () => undefined };
/** What a later release may do to the rows of an earlier one. */
const second: Migration = {
  number: 2,
  name: 'switches say who turned them',
  up: (db) => db.exec(`UPDATE switches SET doc = json_set(doc, '$.c.by', 'unknown') WHERE 1`),
};
const failing: Migration = {
  number: 2,
  name: 'a step that fails on the way',
  up: (db) => db.exec('DELETE FROM switches; SELECT * FROM no_such_table'),
};

let path = '';
let db: DatabaseSync;
beforeEach(() => {
  path = join(mkdtempSync(join(root, 'm-')), 'state.db');
  db = new DatabaseSync(path);
});
afterEach(() => {
  if (db.isOpen) db.close();
});

const apply = (steps: readonly Migration[]) => migrate(db, { path, nowMs: 1, steps });
const switches = () => db.prepare("SELECT json_extract(doc, '$.c.by') AS by FROM switches").all();
const turnOn = (name: string) =>
  db
    .prepare('INSERT INTO switches (name, doc) VALUES (?, ?)')
    .run(name, JSON.stringify({ c: { name, on: true } }));

describe('migrations', () => {
  it('bring the rows of an earlier release along, once', () => {
    apply([first]);
    turnOn('freeze');

    apply([second, first]);
    turnOn('freeze/my-egg');
    apply([first, second]);

    expect(switches()).toEqual([{ by: 'unknown' }, { by: null }]);
    expect(inspectDatabase(path)).toMatchObject({ migration: 2, newestMigration });
  });

  it('leave everything as it was when one fails, and the earlier release opens it', () => {
    apply([first]);
    turnOn('freeze');

    expect(() => apply([first, failing])).toThrow('no_such_table');

    expect(switches()).toEqual([{ by: null }]);
    expect(() => apply([first])).not.toThrow();
    expect(inspectDatabase(path).migration).toBe(1);
  });

  it('refuse an earlier release on a later schema, and touch nothing', () => {
    apply([first, second]);
    db.close();
    const before = readFileSync(path);
    db = new DatabaseSync(path);

    expect(() => apply([first])).toThrow(
      expect.objectContaining({ code: 'STORE_NEWER_SCHEMA', message: expect.stringContaining('schema 2') }),
    );

    db.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('read every row of a database that the release of schema 1 wrote', async () => {
    const dump = readFileSync(new URL('../testdata/schema-1.sql', import.meta.url), 'utf8');
    db.exec(dump);
    db.exec('PRAGMA application_id = 1198486380');
    db.close();
    const store = await createSqliteStore({
      path,
      clock: createSystemClock(),
      sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
      blobs: createMemoryBlobs(),
      logger: silentLogger,
      mode: 'inline',
    });

    for (const table of tablesOfSchema1(dump)) {
      const key = keyIn(dump, table);
      const [row = {}] = await store.get([key], { signal });
      expect(row, table).toMatchObject({ version: 3, note: 'of schema 1' });
      if (table in schemas) {
        expect(readRow(schemas[table as keyof typeof schemas], table, row)).toMatchObject({ version: 3 });
      }
    }
    expect(tablesOfSchema1(dump).filter((table) => !tableNames().includes(table))).toEqual([]);
    expect(await store.integrityCheck({ signal })).toEqual([]);
    await store.close();
  });
});

/** Tables with a row in the dump; `schema` tells of the database itself. */
function tablesOfSchema1(dump: string): TableName[] {
  const found = [...dump.matchAll(/^INSERT INTO "?(\w+)"?/gm)].map(([, table]) => table as TableName);
  return found.filter((table) => table !== 'schema');
}

/** The key that the row of this table has in the dump: as its document says. */
function keyIn(dump: string, table: TableName) {
  const [, doc = '{}'] = new RegExp(`^INSERT INTO "?${table}"?.*'(\\{.*\\})'`, 'm').exec(dump) ?? [];
  const { c: columns } = JSON.parse(doc);
  const spec = tableSpec(table);
  const partition = String(columns[spec.partition]);
  return spec.sort === undefined ? { table, partition } : { table, partition, sort: columns[spec.sort] };
}
