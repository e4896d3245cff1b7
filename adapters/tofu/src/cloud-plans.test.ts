import { join } from 'node:path';
import type { RunnerType } from '@polar-gosling/domain';
import { stableJson } from '@polar-gosling/kernel';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aCloudEgg,
  aCloudEntry,
  type Cloud,
  findSnapshotMirror,
  noSnapshotReason,
  openCloudRun,
  renderCloud,
} from './cloud-bench.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });
let mirror = '';
beforeAll(() => {
  mirror = findSnapshotMirror() ?? '';
});

/** `spot` has all that an Egg may say, `plain` as little as it must. */
function entriesOf(provider: Cloud, type: RunnerType) {
  const egg = aCloudEgg(provider);
  const says = {
    spot: 'prefer' as const,
    publicIp: true,
    zones: provider === 'aws' ? ['eu-central-1b'] : ['ru-central1-b'],
    instanceProfile: provider === 'aws' ? 'ci-runner' : 'aje9',
    image: type === 'vm' ? { aws: 'ami-0own', yandex: 'fd80own' }[provider] : 'registry/own:1',
    sshUser: 'ops',
    sshPublicKeys: ['ssh-ed25519 AAAAC3Nz ops@example.com'],
  };
  // A container has none of these.
  const machine = { gpus: 2, instanceType: { aws: 'g5.12xlarge', yandex: 'gpu-standard-v3' }[provider] };
  const resources = type === 'vm' ? { ...egg.resources, ...machine } : egg.resources;
  const rich = { ...egg, resources, cloud: { ...egg.cloud, ...says } };
  return [aCloudEntry(rich, type, { id: 'spot' }), aCloudEntry(egg, type, { id: 'plain' })];
}

describe('what is asked of a cloud', () => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));

  it.each([
    ['aws', 'vm'],
    ['aws', 'serverless'],
    ['yandex', 'vm'],
    ['yandex', 'serverless'],
  ] as const)('for %s %s Eggs is what was reviewed', async (provider, type) => {
    const bundle = renderCloud(provider, entriesOf(provider, type), { providerMirror: mirror });
    using run = openCloudRun(provider, bundle, { mirror });
    await run.tofu('init');
    await run.tofu('plan', '-out=plan');

    const { stdout } = await run.tofu('show', '-json', 'plan');

    const golden = join(import.meta.dirname, '../testdata/golden', `${provider}-${type}-plan.txt`);
    await expect(readable(JSON.parse(stdout))).toMatchFileSnapshot(golden);
  });
});

interface Plan {
  readonly resource_changes: readonly {
    readonly address: string;
    readonly mode: 'managed' | 'data';
    readonly type: string;
    readonly change: { readonly after: Values; readonly after_unknown: Values };
  }[];
  readonly configuration: { readonly root_module: ConfiguredModule };
}
type Values = Readonly<Record<string, unknown>>;
interface ConfiguredModule {
  readonly resources?: readonly { readonly type: string; readonly expressions?: Values }[];
  readonly module_calls?: Readonly<Record<string, { readonly module: ConfiguredModule }>>;
}

/** The values of each resource, with what the module gives and only an apply knows. Cloud-init has a page of its own. */
function readable({ resource_changes: changes, configuration }: Plan): string {
  const made = changes.filter(({ mode }) => mode === 'managed');
  const pages = made.map(({ address, type, change }) => {
    const given = argumentsOf(configuration.root_module, type);
    const later = [...given].filter((name) => change.after_unknown[name] === true);
    const values = {
      ...change.after,
      ...Object.fromEntries(later.map((name) => [name, '(known after apply)'])),
    };
    return `=== ${address}\n${JSON.stringify(JSON.parse(stableJson(values)), shorten, 2)}\n`;
  });
  return pages.toSorted().join('\n');
}

function argumentsOf(module: ConfiguredModule, type: string): ReadonlySet<string> {
  const own = (module.resources ?? []).filter((one) => one.type === type);
  const inner = Object.values(module.module_calls ?? {}).flatMap(({ module: called }) => [
    ...argumentsOf(called, type),
  ]);
  return new Set([...own.flatMap(({ expressions }) => Object.keys(expressions ?? {})), ...inner]);
}

function shorten(name: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (name === 'container_definitions') return JSON.parse(String(value));
  const text = name === 'user_data_base64' ? Buffer.from(String(value), 'base64').toString() : value;
  return typeof text === 'string' && text.startsWith('#cloud-config') ? '#cloud-config …' : value;
}
