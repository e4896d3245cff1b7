/** Shape of a table: its key, its indexes, what is sealed, whether it may be scanned. */
export interface TableSpec {
  readonly partition: string;
  readonly sort?: string;
  readonly sortType?: 's' | 'n';
  readonly indexes: Readonly<Record<string, IndexSpec>>;
  /** Columns encrypted at rest. */
  readonly sealed?: readonly string[];
  /** Small by nature: may be read whole. */
  readonly scan?: true;
  /** Rows end at this column's time (ms UTC); filtered in code on every read. */
  readonly expires?: string;
}

export interface IndexSpec {
  readonly partition: string;
  readonly sort?: string;
  readonly sortType?: 's' | 'n';
}

const byTime = (partition: string, sort: string): IndexSpec => ({ partition, sort, sortType: 'n' });
const byText = (partition: string, sort?: string): IndexSpec =>
  sort === undefined ? { partition } : { partition, sort };

/**
 * Every table. `expires_at` is a column of ours on all rows that expire (ms UTC).
 * Index names are the partition column's name.
 */
export const tables = {
  egg_configs: { partition: 'name', indexes: { status: byText('status', 'name') } },
  egg_state: { partition: 'egg_name', indexes: { dirty: byTime('dirty', 'updated_at') } },
  egg_members: { partition: 'egg_name', sort: 'item', indexes: {} },
  bindings: {
    partition: 'server_project',
    sort: 'egg_name',
    indexes: { egg_name: byText('egg_name', 'server_project') },
  },
  projects: {
    partition: 'server_project',
    indexes: {
      sweep_bucket: byTime('sweep_bucket', 'next_sweep_at'),
      hook_owner: byText('hook_owner', 'server_project'),
      path: byText('path'),
    },
  },
  webhook_tokens: {
    partition: 'token_sha256',
    sort: 'server_project',
    indexes: { server_project: byText('server_project', 'token_sha256') },
    expires: 'until',
  },
  registrations: { partition: 'id', indexes: { egg_name: byText('egg_name', 'id') } },
  ci_jobs: {
    partition: 'server_project',
    sort: 'job_id',
    sortType: 'n',
    indexes: { open: byTime('open', 'queued_at'), runner_id: byTime('runner_id', 'queued_at') },
    expires: 'expires_at',
  },
  runners: {
    partition: 'id',
    indexes: { egg_name: byTime('egg_name', 'created_at'), state: byTime('state', 'deadline_at') },
    sealed: ['entry'],
    expires: 'expires_at',
  },
  runner_agents: { partition: 'runner_id', indexes: {}, expires: 'expires_at' },
  runner_metrics: {
    partition: 'runner_id',
    sort: 'timestamp',
    sortType: 'n',
    indexes: {},
    expires: 'expires_at',
  },
  marks: { partition: 'runner_id', indexes: {} },
  deployments: { partition: 'egg_name', sort: 'id', indexes: {} },
  pins: { partition: 'egg_name', indexes: {}, scan: true },
  deployment_plans: {
    partition: 'id',
    indexes: { egg_name: byTime('egg_name', 'created_at') },
    sealed: ['plan_binary'],
    expires: 'expires_at',
  },
  runs: { partition: 'id', indexes: { egg_name: byTime('egg_name', 'started_at') }, expires: 'expires_at' },
  leases: { partition: 'name', indexes: {}, scan: true },
  budgets: { partition: 'key', indexes: {} },
  webhook_deliveries: { partition: 'dedup_key', indexes: {}, expires: 'expires_at' },
  outbox: {
    partition: 'id',
    indexes: { unsent: byTime('unsent', 'visible_at'), queue: byTime('queue', 'buried_at') },
    expires: 'expires_at',
  },
  sync_history: { partition: 'nest', sort: 'id', indexes: { git_commit: byText('git_commit', 'id') } },
  sync_confirmations: { partition: 'git_commit', indexes: {}, expires: 'expires_at' },
  jobs: { partition: 'name', indexes: {}, scan: true },
  ticks: { partition: 'schedule', sort: 'minute', sortType: 'n', indexes: {}, expires: 'expires_at' },
  audit_logs: {
    partition: 'day',
    sort: 'id',
    indexes: { resource_id: byText('resource_id', 'id') },
    expires: 'expires_at',
  },
  notifications: { partition: 'id', indexes: { due: byTime('due', 'next_at') }, expires: 'expires_at' },
  api_tokens: { partition: 'token_sha256', indexes: { name: byText('name'), id: byText('id') }, scan: true },
  switches: { partition: 'name', indexes: {}, scan: true },
  opentofu_version: { partition: 'version_id', indexes: {}, scan: true },
  gosling_version: { partition: 'version_id', indexes: {}, scan: true },
  tofu_cache: { partition: 'kind', sort: 'id', indexes: {} },
  schema: { partition: 'name', indexes: {}, scan: true },
} as const satisfies Readonly<Record<string, TableSpec>>;

export type TableName = keyof typeof tables;

export function tableSpec(table: TableName): TableSpec {
  return tables[table];
}
