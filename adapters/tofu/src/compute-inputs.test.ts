import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunnerEntry } from '@polar-gosling/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aCloudEgg,
  aCloudEntry,
  type Cloud,
  type CloudRun,
  clouds,
  findSnapshotMirror,
  noSnapshotReason,
  openCloudRun,
  renderCloud,
} from './cloud-bench.ts';
import { readBundleSources } from './compute-module.ts';
import { renderBundle } from './render.ts';
import { anEntry, findTestTofu, noTofuReason, wants } from './test-bench.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });

/** What OpenTofu says to these values, on one line; nothing when it plans. */
async function refusalOf(run: CloudRun, values: object): Promise<string> {
  writeFileSync(join(run.dir, 'pg.auto.tfvars.json'), JSON.stringify(values));
  const { code, stdout } = await run.tofu('plan', '-no-color');
  return code === 0 ? '' : stdout.replaceAll('│', ' ').replace(/\s+/g, ' ');
}

/** Without what is undefined: JSON has no such thing. */
const plain = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value));

interface Wrong {
  readonly what: string;
  readonly type: RunnerEntry['type'];
  readonly change: object;
  readonly userData?: string;
  readonly says: string;
}

const anyCloud: readonly Wrong[] = [
  { what: 'an id with a slash', type: 'vm', change: { runner_id: 'a/b' }, says: 'A runner id has 1 to 63' },
  {
    what: 'an id that is too long',
    type: 'vm',
    change: { runner_id: 'a'.repeat(64) },
    says: '1 to 63 of a-z',
  },
  { what: 'a type that is none', type: 'vm', change: { type: 'pod' }, says: 'is vm or serverless' },
  { what: 'no agent to fetch', type: 'vm', change: { gosling: undefined }, says: 'has published no gosling' },
  { what: 'no subnet for a VM', type: 'vm', change: { subnet_id: undefined }, says: 'needs a subnet' },
  {
    what: 'more than an hour',
    type: 'serverless',
    change: { max_seconds: 3601 },
    says: 'for an hour at most',
  },
  {
    what: 'no container image',
    type: 'serverless',
    change: { image: undefined },
    says: 'needs a container image',
  },
];
const ofOne: Readonly<Record<Cloud, readonly Wrong[]>> = {
  aws: [
    { what: 'no machine image', type: 'vm', change: { image: undefined }, says: 'needs a machine image' },
    {
      what: 'no subnet for a task',
      type: 'serverless',
      change: { subnet_id: undefined },
      says: 'needs a subnet',
    },
    {
      what: 'no cluster',
      type: 'serverless',
      change: { container: { execution_role: 'r' } },
      says: 'ECS cluster',
    },
    {
      what: 'no execution role',
      type: 'serverless',
      change: { container: { cluster: 'c' } },
      says: 'execution role',
    },
    {
      ...{ what: 'more user data than fits', type: 'vm', change: {}, userData: 'A'.repeat(21_849) },
      says: 'EC2 takes 16 KB of user data',
    },
  ],
  yandex: [
    { what: 'no machine image', type: 'vm', change: { image: undefined }, says: 'needs a machine image' },
  ],
};

describe.each(clouds)('the inputs of the module for %s', (provider) => {
  let run: CloudRun | undefined;
  let values: Record<string, object> = {};
  beforeAll(async () => {
    const mirror = findSnapshotMirror();
    if (mirror === undefined) return;
    const bundle = renderCloud(provider, [], { providerMirror: mirror });
    values = JSON.parse(bundle.files.get('pg.auto.tfvars.json') ?? '{}');
    run = openCloudRun(provider, bundle, { mirror });
    await run.tofu('init');
  });
  afterAll(() => run?.[Symbol.dispose]());
  beforeEach(({ skip }) => skip(run === undefined, noSnapshotReason));

  const ask = async ({ type, change, userData = 'AAAA' }: Omit<Wrong, 'what' | 'says'>) => {
    const runners = { r1: plain({ ...aCloudEntry(aCloudEgg(provider), type), ...change }) };
    return run && refusalOf(run, { ...values, runners, user_data: { r1: userData } });
  };

  it.each(['vm', 'serverless'] as const)('take a %s entry that is right, and all that fits', async (type) => {
    const most = { runner_id: 'a'.repeat(63), max_seconds: 3600 };

    expect(await ask({ type, change: most, userData: 'A'.repeat(21_848) })).toBe('');
  });

  it.each([...anyCloud, ...ofOne[provider]])('refuse $what, and say why', async (wrong) => {
    expect(await ask(wrong)).toContain(wrong.says);
  });
});

describe('the inputs of the module for this host', () => {
  const program = findTestTofu();
  const dir = mkdtempSync(join(tmpdir(), 'inputs-'));
  const launcher = { data_dir: dir, agent_command: ['/node'], agent_env: {} };
  let run: CloudRun | undefined;
  let values: Record<string, object> = {};
  beforeAll(async () => {
    const state = { kind: 'local', path: 'terraform.tfstate' } as const;
    const wanted = wants([anEntry({ runner_id: 'r1' })]);
    const bundle = renderBundle(readBundleSources('local'), { wanted, state, providerMirror: dir, launcher });
    values = JSON.parse(bundle.files.get('pg.auto.tfvars.json') ?? '{}');
    run = openCloudRun('aws', bundle, { mirror: dir });
    if (program !== undefined) await run.tofu('init');
  });
  afterAll(() => {
    run?.[Symbol.dispose]();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it.each([
    ['take what is right', {}, /^$/],
    [
      'refuse a data directory that is not absolute',
      { launcher: { ...launcher, data_dir: 'data' } },
      /absolute/,
    ],
    ['refuse an agent without a command', { launcher: { ...launcher, agent_command: [] } }, /is not empty/],
    [
      'refuse an id with a slash',
      { runners: { r1: anEntry({ runner_id: 'a/b' }) } },
      /A runner id has 1 to 63/,
    ],
  ])('%s', async (_what, change, says) => {
    expect(run && (await refusalOf(run, { ...values, ...change }))).toMatch(says);
  });
});
