import {
  configHash,
  type EggConfig,
  type EggRunner,
  eggName,
  launchKey,
  machineHash,
  registrationId,
  runnerId,
  serverProject,
  systemIdOf,
} from '@polar-gosling/domain';
import type { CiJobRow, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';

const createdAt = Date.UTC(2026, 0, 1);
const commit = '0123456789abcdef0123456789abcdef01234567';
const project = { server: 'gitlab.example.com', scope: 'project', scopeId: 42 } as const;

const defaultRunner: EggRunner = {
  tags: ['linux'],
  concurrent: 4,
  jobsPerRunner: 1,
  idleTimeoutMs: 600_000,
  executor: 'shell',
  runUntagged: false,
  protected: false,
  locked: false,
};

/** The configuration of one Egg on one project, with local runners. */
export function anEggConfig(columns: Partial<EggConfig> = {}): EggConfig {
  return {
    name: eggName('my-egg'),
    kind: 'egg',
    type: 'vm',
    cloud: {
      provider: 'local',
      region: 'local',
      zones: [],
      spot: 'never',
      securityGroups: [],
      sshPublicKeys: [],
    },
    resources: { cpu: 2, memoryMib: 4_096, diskGib: 20 },
    runner: defaultRunner,
    scopes: [{ ...project, url: `https://${project.server}` }],
    environment: {},
    pool: { apex: { min: 0, max: 4 }, nadir: { min: 0, max: 0, idleTimeoutMs: 1_800_000 } },
    sourceFile: 'Eggs/my-egg/config.fly',
    ...columns,
  };
}

/** The row of an active Egg; its hashes are those of its `config`. */
export function anEgg(columns: Partial<EggConfigRow> & { config?: EggConfig } = {}): EggConfigRow {
  const config =
    columns.config ?? anEggConfig(columns.name === undefined ? {} : { name: eggName(columns.name) });
  return {
    version: 1,
    updated_at: createdAt,
    name: config.name,
    kind: config.kind,
    config_hash: configHash(config),
    machine_hash: machineHash(config, 1),
    git_commit: commit,
    source_file: config.sourceFile,
    status: 'active',
    synced_at: createdAt,
    created_at: createdAt,
    ...columns,
    config,
  };
}

const madeBy = 'polar-gosling-installation';

/** An idle apex runner of `my-egg`. */
export function aRunner(columns: Partial<RunnerRow> = {}): RunnerRow {
  const id = columns.id ?? '01k00000000000000000runner';
  const egg = columns.egg_name ?? 'my-egg';
  const config = anEggConfig({ name: eggName(egg) });
  return {
    version: 1,
    updated_at: createdAt,
    id,
    egg_name: egg,
    type: 'vm',
    state: 'idle',
    state_since: createdAt,
    cloud_provider: 'local',
    region: 'local',
    gitlab_runner_id: 7,
    created_at: createdAt,
    failure_count: 0,
    pool: 'apex',
    system_id: systemIdOf(runnerId(id)),
    registration_id: registrationId(egg, project),
    config_hash: configHash(config),
    machine_hash: machineHash(config, 1),
    entry: new TextEncoder().encode(
      JSON.stringify({ runner_id: id, egg_name: egg, name: `runner-${id}`, tags: { [madeBy]: 'test' } }),
    ),
    shard: 0,
    address: `module.runners.terraform_data.runner["${id}"]`,
    spot: false,
    made: true,
    desired: 'run',
    strikes: 0,
    launch_key: launchKey(egg, '1', 0),
    ...columns,
  };
}

/** A pending CI job of project 42 that waits for a runner with the tag `linux`. */
export function aCiJob(columns: Partial<CiJobRow> = {}): CiJobRow {
  return {
    version: 1,
    updated_at: createdAt,
    server_project: serverProject(project.server, project.scopeId),
    job_id: 1,
    status: 'pending',
    rank: 1,
    tags: ['linux'],
    name: 'build',
    pipeline_id: 100,
    ref: 'main',
    queued_at: createdAt,
    ...columns,
  };
}
