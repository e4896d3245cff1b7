import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudTags, type EggConfig, eggName, type RunnerEntry } from '@polar-gosling/domain';
import { sha256Hex } from '@polar-gosling/kernel';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { addressOf } from './addresses.ts';
import {
  aCloudEgg,
  aCloudEntry,
  type Cloud,
  clouds,
  findSnapshotMirror,
  noSnapshotReason,
  openCloudRun,
  renderCloud,
  schemaPath,
  writeBundle,
} from './cloud-bench.ts';
import { type Change, structureOf } from './cloud-structure.ts';
import type { Bundle } from './render.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });
let mirror = '';
beforeAll(() => {
  mirror = findSnapshotMirror() ?? '';
});

/** Any Egg of a cloud, as a Nest may give it. */
function anyCloudEgg(provider: Cloud): fc.Arbitrary<EggConfig> {
  const shape = fc.record({
    cpu: fc.integer({ min: 1, max: 96 }),
    memoryMib: fc.integer({ min: 128, max: 400_000 }),
    diskGib: fc.integer({ min: 1, max: 500 }),
    arch: fc.constantFrom<'amd64' | 'arm64'>('amd64', 'arm64'),
  });
  // One with graphics processors is had by its name only.
  const named = fc.oneof(
    fc.constant({}),
    fc.record({ instanceType: fc.constantFrom('own-type', 'gpu-type') }),
    fc.record({ instanceType: fc.constant('gpu-type'), gpus: fc.integer({ min: 0, max: 8 }) }),
  );
  const said = fc.record(
    {
      image: fc.constantFrom(
        ...{ aws: ['own', 'resolve:ssm:/own'], yandex: ['own', 'family:own'] }[provider],
      ),
      instanceProfile: fc.constantFrom('profile-1', 'profile-2'),
      sshUser: fc.constantFrom('ops', 'ci'),
    },
    { requiredKeys: [] },
  );
  const place = fc.record({
    zones: fc.uniqueArray(fc.constantFrom('zone-a', 'zone-b', 'zone-c')),
    spot: fc.constantFrom<'never' | 'prefer' | 'only'>('never', 'prefer', 'only'),
    subnet: fc.constantFrom('subnet-1', 'subnet-2'),
    securityGroups: fc.array(fc.constantFrom('sg-1', 'sg-2'), { maxLength: 2 }),
    publicIp: fc.boolean(),
    sshPublicKeys: fc.array(fc.constant('ssh-ed25519 AAAA me@example.com'), { maxLength: 2 }),
  });
  const runner = fc.record({
    executor: fc.constantFrom<'docker' | 'shell'>('docker', 'shell'),
    environment: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,9}$/), fc.string({ unit: 'grapheme' })),
  });
  const name = fc.constantFrom(...['web', 'Web_App', 'web-app'].map(eggName));
  const machine = fc.tuple(shape, named).map(([first, second]) => ({ ...first, ...second }));
  const cloud = fc.tuple(place, said).map(([first, second]) => ({ ...first, ...second }));
  return fc.tuple(machine, cloud, runner, name).map(([resources, where, { executor, environment }, own]) => {
    const egg = aCloudEgg(provider);
    return {
      ...egg,
      name: own,
      resources,
      cloud: { ...egg.cloud, ...where },
      runner: { ...egg.runner, executor },
      environment,
    };
  });
}

/** A container has no graphics processors: an Egg that wants both is refused before anything is launched. */
function asContainer({ resources: { gpus: _gpus, ...resources }, ...egg }: EggConfig): EggConfig {
  return { ...egg, resources };
}

/** Many Eggs in one bundle, a VM and a serverless runner of each: one plan tries them all. */
function entriesOf(eggs: readonly EggConfig[]): readonly RunnerEntry[] {
  return eggs.flatMap((egg, place) => [
    aCloudEntry(egg, 'vm', { id: `vm-${place}`, withoutCapacity: place }),
    aCloudEntry(asContainer(egg), 'serverless', { id: `fn-${place}`, withoutCapacity: place }),
  ]);
}

/** How a machine's own metadata can be had: by a session only, and by no job in a container where that can be said. */
const asksForMetadata: Readonly<Record<Cloud, Readonly<Record<string, object>>>> = {
  aws: {
    aws_instance: { http_endpoint: 'enabled', http_tokens: 'required', http_put_response_hop_limit: 1 },
  },
  yandex: {
    yandex_compute_instance: { aws_v1_http_endpoint: 2, aws_v1_http_token: 2 },
    yandex_serverless_container: { aws_v1_http_endpoint: 2 },
  },
};

/** A property over bundles of so many Eggs each: as many Eggs are tried as other properties try values. */
const eggsAtOnce = 25;
const perBundle = {
  numRuns: Math.ceil((Number(fc.readConfigureGlobal().numRuns) || 100) / eggsAtOnce),
  // A failing bundle says which Egg it was; to shrink it would take many plans.
  endOnFailure: true,
};
const someEggs = (provider: Cloud) =>
  fc.array(anyCloudEgg(provider), { minLength: eggsAtOnce, maxLength: eggsAtOnce });

describe.each(clouds)('a bundle for %s, read by OpenTofu with the schema of the provider', (provider) => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));
  const open = (entries: readonly RunnerEntry[]) =>
    openCloudRun(provider, renderCloud(provider, entries, { providerMirror: mirror }), { mirror });

  it('Feature: gitops-runner-orchestration, Property 8: the bundle of any Egg passes the schema snapshot, and all it makes tells whose it is', async () => {
    await fc.assert(
      fc.asyncProperty(someEggs(provider), async (eggs) => {
        const entries = entriesOf(eggs);
        using run = open(entries);
        await run.tofu('init');

        const validated = await run.tofu('validate', '-no-color');
        const planned = await run.tofu('plan', '-no-color', '-out=plan');
        const shown = await run.tofu('show', '-json', 'plan');

        expect([validated, planned.code === 0 ? '' : planned.stdout]).toEqual([
          expect.objectContaining({ code: 0 }),
          '',
        ]);
        const changes: Change[] = JSON.parse(shown.stdout).resource_changes;
        const made = changes.filter(({ change }) => change.actions.includes('create'));
        const owners = new Set(made.map(({ address }) => /^module\.runner\["[^"]+"\]/.exec(address)?.[0]));
        owners.delete(undefined); // what runners share
        expect([...owners].toSorted()).toEqual(
          entries.map(({ runner_id }) => addressOf(runner_id)).toSorted(),
        );
        expect(made.every(({ change }) => change.actions.length === 1)).toBe(true);
        for (const one of made) expect(ownersOf(provider, one)).toEqual(ownersIn(provider, entries, one));
        const metadata = made.filter(({ type }) => type in asksForMetadata[provider]);
        expect(metadata.length).toBeGreaterThanOrEqual(eggs.length);
        for (const { type, change } of metadata) {
          expect(change.after.metadata_options).toMatchObject([asksForMetadata[provider][type]]);
        }
      }),
      perBundle,
    );
  });

  it('Feature: gitops-runner-orchestration, Property 12: no serverless runner is given more than 60 minutes', async () => {
    await fc.assert(
      fc.asyncProperty(someEggs(provider), async (eggs) => {
        const entries = eggs.map((egg, place) =>
          aCloudEntry(asContainer(egg), 'serverless', { id: `fn-${place}` }),
        );
        using run = open(entries);
        await run.tofu('init');
        await run.tofu('apply', '-auto-approve');

        const limits = run.asked().flatMap(limitSeconds);

        const places = new Set(entries.map((entry) => entry.container_key ?? entry.runner_id));
        expect(limits.length).toBe(places.size);
        expect(limits.every((seconds) => seconds > 0 && seconds <= 3600)).toBe(true);
      }),
      perBundle,
    );
  });

  it('plans nothing for ten living runners when a new version of the module and of the provider comes', async () => {
    const egg = aCloudEgg(provider);
    const ids = [1, 2, 3, 4, 5];
    const entries = ids.flatMap((id) => [
      aCloudEntry(egg, 'vm', { id: `vm-${id}` }),
      aCloudEntry(egg, 'serverless', { id: `fn-${id}` }),
    ]);
    using run = open(entries);
    await run.tofu('init');
    const applied = await run.tofu('apply', '-auto-approve', '-no-color');
    writeBundle(run.dir, raised(provider, entries, newerMirror(run.dir)));

    const upgraded = await run.tofu('init', '-upgrade', '-no-color');
    const planned = await run.tofu('plan', '-no-color', '-out=plan');
    const { stdout } = await run.tofu('show', '-json', 'plan');

    expect([applied.code, upgraded.code, planned.code]).toEqual([0, 0, 0]);
    const lock = readFileSync(join(run.dir, '.terraform.lock.hcl'), 'utf8');
    expect(lock).toContain(`version     = "${newerVersions[provider]}"`);
    const changes: Change[] = JSON.parse(stdout).resource_changes;
    const kept = changes.filter(({ address }) => /^module\.(runner|container)\[/.test(address));
    expect(kept.length).toBeGreaterThanOrEqual(entries.length);
    expect(new Set(kept.flatMap(({ change }) => change.actions))).toEqual(new Set(['no-op']));
  });

  it('makes a machine of the newest image that its cloud has by the name in the entry', async () => {
    const egg = aCloudEgg(provider);
    const far = { ...egg, cloud: { ...egg.cloud, region: 'far-away', subnet: 'subnet-1' } };
    using run = open([aCloudEntry(egg, 'vm', { id: 'r1' }), aCloudEntry(far, 'vm', { id: 'r2' })]);
    await run.tofu('init');

    const made = await run.tofu('apply', '-auto-approve', '-no-color');

    expect(made).toMatchObject({ code: 0 });
    expect(run.asked().map(({ values }) => imageOf(values))).toEqual(
      provider === 'aws' ? ['ami-0d12ebian', 'ami-0d12ebian'] : ['found', 'found'],
    );
  });

  it('removes one machine and touches no other when its entry goes', async () => {
    const egg = aCloudEgg(provider);
    const [gone, stays] = [aCloudEntry(egg, 'vm', { id: 'r1' }), aCloudEntry(egg, 'vm', { id: 'r2' })];
    using run = open([gone, stays]);
    await run.tofu('init');
    await run.tofu('apply', '-auto-approve');
    writeBundle(run.dir, renderCloud(provider, [stays], { providerMirror: mirror }));

    const { code } = await run.tofu('apply', '-auto-approve');

    const removed = run.asked().filter(({ action }) => action === 'delete');
    expect(code).toBe(0);
    expect(removed.map(({ values }) => JSON.stringify(values))).toEqual([expect.stringContaining(gone.name)]);
  });

  it('is refused as soon as it has an argument that the provider does not know', async () => {
    const bundle = renderCloud(provider, [aCloudEntry(aCloudEgg(provider), 'vm')], {
      providerMirror: mirror,
    });
    const path = provider === 'aws' ? 'compute/aws_resources.tf' : 'compute/yc_resources.tf';
    const text = (bundle.files.get(path) ?? '').replace('count = local.is_vm ? 1 : 0', '$&\n  no_such = 1');
    using run = openCloudRun(
      provider,
      { ...bundle, files: new Map([...bundle.files, [path, text]]) },
      { mirror },
    );
    await run.tofu('init');

    const { code, stdout } = await run.tofu('validate', '-no-color');

    expect([code, stdout]).toEqual([1, expect.stringContaining('no_such')]);
  });
});

/** Arguments that the provider's documents know for what a resource is found by. */
const tagArguments = ['labels', 'tags', 'volume_tags'];

/** What every argument for tags of a planned resource says of its owner. */
function ownersOf(provider: Cloud, { type, change }: Change): readonly object[] {
  return tagsOfType(provider, type).map((name) => {
    const tags: Record<string, string> = change.after[name] ?? {};
    return Object.fromEntries(Object.entries(tags).filter(([key]) => /^polar-gosling-(?!module)/.test(key)));
  });
}

/** What they have to say: of what runners share, nothing of one of them. */
function ownersIn(provider: Cloud, entries: readonly RunnerEntry[], one: Change): readonly object[] {
  const entry = entries.find(({ runner_id: id }) => one.address.startsWith(`${addressOf(id)}.`));
  const egg = entry?.egg_name ?? one.change.after.labels['polar-gosling-egg'];
  const owner = { installation: '0a1b2c3d', egg, runnerId: entry?.runner_id ?? '' };
  const { 'polar-gosling-runner': runner, ...shared } = cloudTags(provider, owner);
  const tags = entry === undefined ? shared : { ...shared, 'polar-gosling-runner': runner };
  return tagsOfType(provider, one.type).map(() => tags);
}

function tagsOfType(provider: Cloud, type: string): readonly string[] {
  const schema = JSON.parse(readFileSync(schemaPath(provider), 'utf8')).resources[type];
  return tagArguments.filter((name) => Object.hasOwn(schema?.attributes ?? {}, name));
}

// biome-ignore lint/suspicious/noExplicitAny: values of whatever resource is made
function imageOf(values: any): string {
  return values.ami ?? values.boot_disk[0].initialize_params[0].image_id;
}

const newerVersions: Readonly<Record<Cloud, string>> = { aws: '6.1.0', yandex: '0.223.0' };

/** A mirror that has the same providers as a newer version only. */
function newerMirror(dir: string): string {
  const newer = join(dir, 'newer');
  for (const provider of clouds) {
    const place = join(
      'registry.opentofu.org',
      { aws: 'hashicorp', yandex: 'yandex-cloud' }[provider],
      provider,
    );
    const [version = ''] = readdirSync(join(mirror, place));
    const [platform = ''] = readdirSync(join(mirror, place, version));
    const to = join(newer, place, newerVersions[provider], platform);
    mkdirSync(to, { recursive: true });
    const file = (of: string) => `terraform-provider-${provider}_v${of}`;
    copyFileSync(
      join(mirror, place, version, platform, file(version)),
      join(to, file(newerVersions[provider])),
    );
  }
  return newer;
}

/** Arguments that another version of the module may give another value, by the module's file. */
const raisedArguments: Readonly<
  Record<Cloud, readonly (readonly [path: string, from: string, to: string])[]>
> = {
  aws: [
    ['aws_resources.tf', 'http_put_response_hop_limit = 1', 'http_put_response_hop_limit = 2'],
    ['aws_resources.tf', 'stopTimeout = 120', 'stopTimeout = 60'],
    [
      'aws_resources.tf',
      'deployment_maximum_percent         = 100',
      'deployment_maximum_percent         = 200',
    ],
  ],
  yandex: [
    ['yc_resources.tf', '"network-ssd"', '"network-hdd"'],
    ['yc_resources.tf', 'container    = var.container', 'container    = null'],
    ['container/main.tf', 'core_fraction      = 100', 'core_fraction      = 50'],
  ],
};

/** The bundle as a later release renders it: a module that says other things of the same entries. */
function raised(provider: Cloud, entries: readonly RunnerEntry[], providerMirror: string): Bundle {
  const bundle = renderCloud(provider, entries, { providerMirror });
  const files = new Map(bundle.files);
  const values = JSON.parse(files.get('pg.auto.tfvars.json') ?? '');
  values.module_version = '9.0.0';
  for (const entry of Object.values<{ image: string }>(values.runners)) entry.image = 'another';
  files.set('pg.auto.tfvars.json', JSON.stringify(values));
  for (const [name, from, to] of raisedArguments[provider]) {
    const text = files.get(`compute/${name}`) ?? '';
    expect(text).toContain(from);
    files.set(`compute/${name}`, text.replace(from, to));
  }
  return { ...bundle, files };
}

/** What an hour is for a resource that may live no longer. */
function limitSeconds({ type, values }: { type: string; values: Record<string, string> }): number[] {
  if (type === 'aws_ecs_task_definition') {
    const [container] = JSON.parse(values['container_definitions'] ?? '[]');
    return [Number(container.entryPoint[2])];
  }
  if (type === 'yandex_serverless_container') return [Number.parseInt(values['execution_timeout'] ?? '', 10)];
  return [];
}

describe('a bundle for a cloud', () => {
  it.each(clouds)(
    'Feature: gitops-runner-orchestration, Property 29: on %s every runner can ask for its variables, none of which is in the bundle',
    (provider) => {
      fc.assert(
        fc.property(anyCloudEgg(provider), fc.stringMatching(/^[a-z0-9]{16,40}$/), (egg, secret) => {
          const withSecret = { ...egg, environment: { ...egg.environment, TOKEN: secret } };
          const entries = entriesOf([withSecret]);

          const { files } = renderCloud(provider, entries);

          const values = JSON.parse(files.get('pg.auto.tfvars.json') ?? '');
          const userData = Buffer.from(values.user_data['vm-0'], 'base64').toString();
          expect([...files.values(), userData].join('')).not.toContain(secret);
          expect(filesOf(userData).get('/etc/gosling/bootstrap-token')).toBe('bt-vm-0');
          expect(filesOf(userData).get('/etc/gosling/runner.env')).toContain(
            'GOSLING_URL="https://gosling.example.com"',
          );
          expect(values.runners['fn-0']).toMatchObject({
            bootstrap_token: 'bt-fn-0',
            gosling_url: 'https://gosling.example.com',
          });
        }),
      );
    },
  );

  it('Feature: gitops-runner-orchestration, Property 23: any Egg gets the same runners on both clouds', () => {
    fc.assert(
      fc.property(anyCloudEgg('aws'), (egg) => {
        const [aws, yandex] = clouds.map((provider) =>
          valuesOf(provider, entriesOf([{ ...egg, cloud: { ...egg.cloud, provider } }])),
        );

        expect(aws?.userData).toEqual(yandex?.userData);
        expect(aws?.runners.map(behaviourOf)).toEqual(yandex?.runners.map(behaviourOf));
        // The invoker of one cloud has its counterpart in the role that pulls the image.
        expect(aws?.checks.map(kindOf)).toEqual(yandex?.checks.map(kindOf));
        expect(aws?.checks.filter((name) => kindOf(name) === 'role')).toHaveLength(
          egg.cloud.instanceProfile === undefined ? 2 : 3,
        );
        for (const [at, runner] of (aws?.runners ?? []).entries()) {
          const other = yandex?.runners[at];
          const asked = runner.type === 'vm' ? egg.resources.memoryMib : 0;
          expect(other?.memory_mib).toBeGreaterThanOrEqual(asked);
          expect(runner.disk_gib).toBe(other?.disk_gib);
          if (runner.type === 'vm') expect([runner, other]).toMatchObject([asSaid(egg), asSaid(egg)]);
        }
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 23: any Egg is planned as the same machines on both clouds', async ({
    skip,
  }) => {
    skip(mirror === '', noSnapshotReason);
    await fc.assert(
      fc.asyncProperty(someEggs('aws'), async (eggs) => {
        const planned = await Promise.all(
          clouds.map(async (provider) => {
            const own = eggs.flatMap((egg, place) =>
              [egg, asContainer(egg)].map((one, at) => ({
                ...aCloudEntry(
                  { ...one, cloud: { ...one.cloud, provider } },
                  at === 0 ? 'vm' : 'serverless',
                  {
                    id: `${at}-${place}`,
                  },
                ),
                container_key: sha256Hex(`${place}`),
              })),
            );
            using run = openCloudRun(provider, renderCloud(provider, own, { providerMirror: mirror }), {
              mirror,
            });
            await run.tofu('init');
            await run.tofu('plan', '-out=plan');
            const { stdout } = await run.tofu('show', '-json', 'plan');
            const changes: Change[] = JSON.parse(stdout).resource_changes;
            return structureOf(changes, own);
          }),
        );

        const [aws, yandex] = planned;
        expect(aws).toEqual(yandex);
        expect(aws?.map(({ roles }) => roles)).toEqual(
          eggs.flatMap(() => [['machine'], ['container', 'serverless runner']]),
        );
        expect(aws?.flatMap(({ machine }) => machine ?? [])).toEqual(
          eggs.map(({ resources, cloud }) =>
            expect.objectContaining({ diskGib: resources.diskGib, role: cloud.instanceProfile }),
          ),
        );
      }),
      perBundle,
    );
  });

  it('refuses an entry of another cloud', () => {
    const entry = aCloudEntry(aCloudEgg('yandex'), 'vm');

    expect(() => renderCloud('aws', [entry])).toThrow(/is for yandex, in a bundle for aws/);
  });

  it('has the provider and the module of its own cloud only', () => {
    const names = clouds.map((provider) => [...renderCloud(provider, []).files].flat().join('\n'));

    expect(names[0]).not.toMatch(/yandex/);
    expect(names[1]).not.toMatch(/\baws_(?!v[12]_http)|hashicorp/);
  });

  it.each([
    ['aws', 'vm'],
    ['aws', 'serverless'],
    ['yandex', 'vm'],
    ['yandex', 'serverless'],
  ] as const)('for a %s %s Egg is what was reviewed', async (provider, type) => {
    const plain = aCloudEgg(provider);
    const cloud = {
      ...plain.cloud,
      spot: 'prefer' as const,
      sshUser: 'ops',
      sshPublicKeys: ['ssh-ed25519 AAAAC3Nz ops@example.com'],
      instanceProfile: provider === 'aws' ? 'ci-runner' : 'aje9',
    };

    const { files } = renderCloud(provider, [aCloudEntry({ ...plain, cloud }, type)]);

    const golden = join(import.meta.dirname, '../testdata/golden', `${provider}-${type}.txt`);
    await expect(readable(files)).toMatchFileSnapshot(golden);
  });
});

function valuesOf(provider: Cloud, entries: readonly RunnerEntry[]) {
  const { files } = renderCloud(provider, entries);
  const { runners, user_data } = JSON.parse(files.get('pg.auto.tfvars.json') ?? '');
  const checks = [...(files.get('checks.tf') ?? '').matchAll(/^check "(\w+)"/gm)].map(
    ([, name]) => name ?? '',
  );
  return { runners: Object.values<RunnerEntry>(runners), userData: user_data, checks: checks.toSorted() };
}

/** What a check looks at, whatever its cloud calls it. */
function kindOf(check: string): string {
  return check.replace(/^task_role/, 'role').replace(/_\d+$/, '');
}

/** What a job would notice of its runner. */
function behaviourOf(entry: RunnerEntry) {
  const { runner_id, egg_name, type, executor, gosling_url, bootstrap_token, gosling, spot, public_ip } =
    entry;
  const { max_seconds, machine_hash, gpus, ssh_user, ssh_public_keys } = entry;
  return {
    ...{ runner_id, egg_name, type, executor, gosling_url, bootstrap_token, gosling, spot, public_ip },
    ...{ max_seconds, machine_hash, gpus, ssh_user, ssh_public_keys, tags: Object.keys(entry.tags) },
  };
}

/** What an Egg says of its machine itself is its machine's, whatever the cloud. */
function asSaid({ cloud, resources }: EggConfig): Partial<RunnerEntry> {
  return {
    gpus: resources.gpus ?? 0,
    ...(resources.instanceType !== undefined && { instance_type: resources.instanceType }),
    ...(cloud.image !== undefined && { image: cloud.image }),
    ...(cloud.instanceProfile !== undefined && { role: cloud.instanceProfile }),
  };
}

function filesOf(cloudInit: string): ReadonlyMap<string, string> {
  const found = cloudInit.matchAll(/path: (\S+)\n.*\n.*\n {4}content: "(\S*)"/g);
  return new Map(
    [...found].map(([, path = '', text = '']) => [path, Buffer.from(text, 'base64').toString()]),
  );
}

/** A bundle as one page: its own files, and cloud-init with the files it writes. The module is in the repository. */
function readable(files: ReadonlyMap<string, string>): string {
  const values = JSON.parse(files.get('pg.auto.tfvars.json') ?? '');
  const userData = Object.entries<string>(values.user_data).flatMap(([id, text]) => {
    const cloudInit = Buffer.from(text, 'base64').toString();
    const written = [...filesOf(cloudInit)].filter(([path]) => path.startsWith('/etc/gosling'));
    return [
      [`user data of ${id}`, cloudInit] as const,
      ...written.map(([path, all]) => [path, `${all}\n`] as const),
    ];
  });
  const own = [...files].filter(([path]) => !path.startsWith('compute/') && !path.endsWith('.json'));
  const pages = [
    ...own,
    ['pg.auto.tfvars.json', `${JSON.stringify(values, null, 2)}\n`] as const,
    ...userData,
  ];
  return pages
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => `=== ${path}\n${text}`)
    .join('\n');
}

describe('the schema snapshots', () => {
  it.each(clouds)('of %s name the version or the commit, and the page, of each thing', (provider) => {
    const path = join(import.meta.dirname, '../testdata/provider-schemas', `${provider}.json`);
    const snapshot = JSON.parse(readFileSync(path, 'utf8'));

    const all = [
      ...Object.values<object>(snapshot.resources),
      ...Object.values<object>(snapshot.data_sources),
    ];

    expect(snapshot).toMatchObject({ provider: expect.any(String), version: expect.any(String) });
    expect(snapshot.read).toMatch(/^\d{4}-\d\d-\d\d$/);
    // One release, or the commit that each page was read at.
    const commit = /^\d+\.\d+\.\d+$/.test(snapshot.version)
      ? {}
      : { commit: expect.stringMatching(/^[0-9a-f]{8}$/) };
    for (const one of all) {
      expect(one).toMatchObject({ page: expect.stringMatching(/\.(md|markdown)$/), ...commit });
    }
  });
});
