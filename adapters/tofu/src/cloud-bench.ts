// What the tests of cloud bundles share; nothing else imports it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type ComputeSettings,
  type EggConfig,
  eggName,
  type RunnerEntry,
  type RunnerType,
  renderRunnerEntry,
  runnerId,
} from '@polar-gosling/domain';
import { readBundleSources } from './compute-module.ts';
import { type Bundle, type RenderInput, renderBundle } from './render.ts';
import { builtProviders, findTestTofu } from './test-bench.ts';

export type Cloud = 'aws' | 'yandex';
export const clouds: readonly Cloud[] = ['aws', 'yandex'];
const root = fileURLToPath(new URL('../../../', import.meta.url));
const agent = { version: '1.2.3', sha256: { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) } };

export const compute: ComputeSettings = {
  gosling: agent,
  aws: {
    subnets: { 'eu-central-1a': 'subnet-0a', 'eu-central-1b': 'subnet-0b' },
    securityGroups: ['sg-0'],
    runnerImage: '111122223333.dkr.ecr.eu-central-1.amazonaws.com/gosling:1.2.3',
    role: 'arn:aws:iam::111122223333:role/gosling/runner',
    cluster: 'arn:aws:ecs:eu-central-1:111122223333:cluster/gosling',
    executionRole: 'arn:aws:iam::111122223333:role/gosling/execution',
    logGroup: 'gosling-runners',
  },
  yandex: {
    subnets: { 'ru-central1-a': 'e9b0', 'ru-central1-b': 'e2l0' },
    securityGroups: ['enp0'],
    runnerImage: 'cr.yandex/crp0/gosling:1.2.3',
    role: 'aje0',
    networkId: 'enpn0',
    invoker: 'aje1',
    logGroup: 'e230',
  },
};

export function regionOf(provider: Cloud): string {
  return provider === 'aws' ? 'eu-central-1' : 'ru-central1';
}

export function aCloudEgg(provider: Cloud, over: Partial<EggConfig> = {}): EggConfig {
  return {
    name: eggName('web'),
    kind: 'egg',
    type: 'vm',
    cloud: {
      provider,
      region: regionOf(provider),
      zones: [],
      spot: 'never',
      securityGroups: [],
      sshPublicKeys: [],
    },
    resources: { cpu: 2, memoryMib: 4096, diskGib: 20 },
    runner: {
      tags: ['linux'],
      concurrent: 2,
      jobsPerRunner: 1,
      idleTimeoutMs: 600_000,
      executor: 'docker',
      runUntagged: false,
      protected: false,
      locked: false,
    },
    scopes: [],
    environment: {},
    pool: { apex: { min: 0, max: 2 }, nadir: { min: 0, max: 0, idleTimeoutMs: 1_800_000 } },
    sourceFile: 'Eggs/web/config.fly',
    ...over,
  };
}

export function aCloudEntry(
  egg: EggConfig,
  type: RunnerType,
  { id = 'r1', withoutCapacity = 0 }: { id?: string; withoutCapacity?: number } = {},
): RunnerEntry {
  return renderRunnerEntry(egg, {
    runnerId: runnerId(id),
    type,
    bootstrapToken: `bt-${id}`,
    goslingUrl: 'https://gosling.example.com',
    installation: '0a1b2c3d',
    machineHash: 'f'.repeat(64),
    compute,
    withoutCapacity,
  });
}

export function renderCloud(
  provider: Cloud,
  entries: readonly RunnerEntry[],
  more: Partial<RenderInput> = {},
): Bundle {
  return renderBundle(readBundleSources(provider), {
    wanted: {
      egg: 'web',
      shard: 0,
      provider,
      region: regionOf(provider),
      entries: new Map(entries.map((entry) => [entry.runner_id, JSON.stringify(entry)])),
    },
    state: { kind: 'local', path: 'terraform.tfstate' },
    providerMirror: '/providers',
    launcher: { data_dir: '/data', agent_command: [], agent_env: {} },
    ...more,
  });
}

export function schemaPath(provider: Cloud): string {
  return join(root, 'adapters/tofu/testdata/provider-schemas', `${provider}.json`);
}

/** What the real OpenTofu needs to read cloud bundles; `undefined`: the reason in `noSnapshotReason`. */
export function findSnapshotMirror(): string | undefined {
  // Terraform, which cannot encrypt, makes nothing in a cloud.
  if (/^$|terraform$/.test(findTestTofu() ?? '')) return undefined;
  return builtProviders('get-snapshot-providers.sh');
}
export const noSnapshotReason = 'no OpenTofu, or no Go to build the provider of the snapshots with';

export interface CloudRun {
  readonly dir: string;
  tofu(...args: string[]): Promise<{ code: number; stdout: string }>;
  /** Creates and deletes that the provider was asked for, in order. */
  asked(): { action: string; type: string; values: Record<string, never> }[];
  [Symbol.dispose](): void;
}

/** What the clouds answer, where a made-up value is not enough. */
export const cloudAnswers: Readonly<Record<string, string | number>> = {
  'aws_instance.instance_state': 'running',
  'data.aws_ssm_parameter.insecure_value': 'ami-0d12ebian',
  'yandex_compute_instance.status': 'RUNNING',
};

/** A bundle on disk, and the real OpenTofu with the snapshot's provider beside it. */
export function openCloudRun(
  provider: Cloud,
  bundle: Bundle,
  at: {
    mirror: string;
    values?: Readonly<Record<string, string | number>>;
    env?: Readonly<Record<string, string>>;
  },
): CloudRun {
  const dir = mkdtempSync(join(tmpdir(), 'cloud-'));
  writeBundle(dir, bundle);
  const log = join(dir, 'asked.jsonl');
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: dir,
    TF_CLI_CONFIG_FILE: join(dir, 'tofu.rc'),
    SNAPSHOT_SCHEMA: schemaPath(provider),
    SNAPSHOT_LOG: log,
    SNAPSHOT_VALUES: JSON.stringify({ ...cloudAnswers, ...at.values }),
    ...at.env,
  };
  return {
    dir,
    async tofu(...args) {
      try {
        const program = findTestTofu() ?? 'tofu';
        const options = { cwd: dir, env, maxBuffer: 64_000_000, timeout: 120_000 };
        const { stdout } = await promisify(execFile)(program, args, options);
        return { code: 0, stdout };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, stdout: `${stdout}${stderr}` };
      }
    },
    asked: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export function writeBundle(dir: string, { files }: Bundle): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}
