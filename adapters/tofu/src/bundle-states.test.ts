import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Secret } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aCloudEgg,
  aCloudEntry,
  type Cloud,
  clouds,
  findSnapshotMirror,
  noSnapshotReason,
  openCloudRun,
  renderCloud,
} from './cloud-bench.ts';
import { readBundleSources } from './compute-module.ts';
import { type Bundle, renderBundle } from './render.ts';
import { createS3StatePlace, type StateBucket } from './s3-state.ts';
import type { StateBackend } from './state-place.ts';
import { anEntry, findTestTofu, never, noTofuReason, wants } from './test-bench.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });
const program = findTestTofu();
let mirror = '';
beforeAll(() => {
  mirror = findSnapshotMirror() ?? '';
});
const endpoint = 'https://storage.example.com:9000';
const nowhere = 'https://127.0.0.1:1';
const states = {
  'in the data directory': { kind: 'local', path: '/data/tofu-states/web/terraform.tfstate' },
  'in a bucket of AWS': inBucket({}),
  'in a bucket of AWS that locks nobody out': inBucket({ use_lockfile: false }),
  'in a bucket elsewhere': inBucket({ endpoint }),
  'in a bucket elsewhere that locks nobody out': inBucket({ endpoint, use_lockfile: false }),
} as const satisfies Record<string, StateBackend>;

function inBucket(over: { endpoint?: string; use_lockfile?: boolean }): StateBackend {
  const key = 'main/tofu-states/web/terraform.tfstate';
  return {
    ...{ kind: 's3', bucket: 'states', key, region: 'eu-central-1', endpoint: '', use_lockfile: true },
    ...over,
  };
}

function bundleOf(provider: Cloud | 'local', state: StateBackend, providerMirror = '/providers'): Bundle {
  if (provider !== 'local') {
    const egg = aCloudEgg(provider);
    const entries = (['vm', 'serverless'] as const).map((type) => aCloudEntry(egg, type, { id: type }));
    return renderCloud(provider, entries, { state, providerMirror });
  }
  const launcher = { data_dir: '/data', agent_command: ['/node'], agent_env: {} };
  const wanted = wants([anEntry({ runner_id: 'r1' })]);
  return renderBundle(readBundleSources('local'), { wanted, state, providerMirror, launcher });
}

describe('a bundle with its state in any place', () => {
  const dir = mkdtempSync(join(tmpdir(), 'states-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it('is formatted as OpenTofu formats it', async () => {
    for (const provider of ['local', ...clouds] as const) {
      for (const [place, state] of Object.entries(states)) {
        for (const [path, text] of bundleOf(provider, state).files) {
          if (!path.endsWith('.tf')) continue;
          const file = join(dir, provider, place.replaceAll(' ', '-'), path);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, text);
        }
      }
    }
    const args = ['fmt', '-check', '-diff', '-recursive', dir];

    const { stdout } = await promisify(execFile)(program ?? '', args, {
      env: { TF_CLI_CONFIG_FILE: '/dev/null', PATH: '/usr/bin:/bin' },
    }).catch((error: { stdout: string }) => error);

    expect(stdout).toBe('');
  });
});

describe.each(clouds)('a bundle for %s with its state in a bucket', (provider) => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));

  it.each([
    ['of AWS', inBucket({})],
    ['elsewhere', inBucket({ endpoint: nowhere, use_lockfile: false })],
  ])('is valid, and init asks for the bucket %s', async (_where, state) => {
    const bundle = bundleOf(provider, state, mirror);
    const credentials = '[gosling-state]\naws_access_key_id = id\naws_secret_access_key = key\n';
    const files = new Map([...bundle.files, ['state-credentials', credentials]]);
    const env = { AWS_ENDPOINT_URL_S3: nowhere };
    using run = openCloudRun(provider, { ...bundle, files }, { mirror, env });
    const begun = await run.tofu('init', '-backend=false', '-no-color');

    const validated = await run.tofu('validate', '-no-color');
    // Only `init` reads what the backend is told; nobody is at that address.
    const asked = await run.tofu('init', '-no-color');

    expect([begun, validated]).toEqual([
      expect.objectContaining({ code: 0 }),
      expect.objectContaining({ code: 0 }),
    ]);
    expect(asked.stdout).toMatch(/127\.0\.0\.1:1\/states.*connection refused/s);
  });
});

describe('the check of the bucket of the states', () => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));

  it.each([
    ['pass', 'states'],
    ['fail', 'another'],
  ])('is a %s where AWS shows the bucket as “%s”', async (status, shown) => {
    const { files, ...rest } = bundleOf('aws', states['in a bucket of AWS'], mirror);
    // Everything as in the bucket, but the state itself: no bucket is behind it here.
    const local = 'terraform {\n  backend "local" {}\n}\n';
    const bundle = { ...rest, files: new Map([...files, ['versions_override.tf', local]]) };
    using run = openCloudRun('aws', bundle, { mirror, values: { 'data.aws_s3_bucket.id': shown } });
    await run.tofu('init');
    await run.tofu('plan', '-out=plan');

    const { stdout } = await run.tofu('show', '-json', 'plan');

    const checks: { address: { to_display: string }; status: string }[] = JSON.parse(stdout).checks;
    const found = checks.filter(({ address }) => address.to_display === 'check.state_bucket');
    expect(found).toEqual([expect.objectContaining({ status })]);
  });
});

describe('what a bucket of the states changes in a bundle', () => {
  it('is what was reviewed', async () => {
    const local = bundleOf('aws', states['in the data directory']).files;

    const pages = (['in a bucket of AWS', 'in a bucket elsewhere that locks nobody out'] as const).flatMap(
      (place) =>
        [...bundleOf('aws', states[place]).files]
          .filter(([path, text]) => local.get(path) !== text)
          .map(([path, text]) => `=== ${path}, the state ${place}\n${text}`),
    );

    const golden = join(import.meta.dirname, '../testdata/golden/aws-s3-state.txt');
    await expect(pages.join('\n')).toMatchFileSnapshot(golden);
  });

  it.each([
    ['aws', 'in the data directory'],
    ['aws', 'in a bucket elsewhere'],
    ['yandex', 'in a bucket of AWS'],
    ['local', 'in a bucket of AWS'],
  ] as const)('looks at no bucket in a bundle for %s with its state %s', (provider, place) => {
    expect(bundleOf(provider, states[place]).files.get('checks.tf')).not.toContain('state_bucket');
  });

  it.each([true, false])('has a lock in the bucket only where it holds others off: %s', async (holds) => {
    const bucket: StateBucket = {
      ...{ bucket: 'states', prefix: 'main', endpoint },
      read: async () => undefined,
      write: async () => 'written',
      access: async () => ({
        region: 'eu-central-1',
        credentials: { accessKeyId: 'id', secretAccessKey: new Secret('a-key-of-the-bucket') },
        holdsConditionalWrites: holds,
      }),
    };
    const deps = { bucket, blobs: createMemoryBlobs(), egg: 'web', shard: 0 };

    const { backend, files } = await createS3StatePlace(deps, { signal: never });

    expect(backend).toEqual(inBucket({ endpoint, use_lockfile: holds }));
    const versions = bundleOf('aws', backend).files.get('versions.tf') ?? '';
    expect(/^ *use_lockfile *= (\w+)$/m.exec(versions)?.[1]).toBe(String(holds));
    expect(versions).not.toContain('a-key-of-the-bucket');
    expect(files.get('state-credentials')).toContain('a-key-of-the-bucket');
  });
});
