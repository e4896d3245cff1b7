import { type CloudMachines, machinesErrors } from '@polar-gosling/ports/machines';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineSettings } from '../api/engine.ts';
import { applyJob } from '../demand/apply-job.ts';
import type { InternalDeps } from '../deps.ts';
import { why } from '../queries/why.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { eggText, nestOf } from '../testing/nest-texts.ts';
import { proofOf } from './proof.ts';
import { reconcile } from './reconcile.ts';

const clouds = {
  aws: { subnets: { 'eu-central-1a': 'subnet-a' }, securityGroups: ['sg-0'] },
} as const;
const sums = { linux_amd64: 'a'.repeat(64), linux_arm64: 'b'.repeat(64) };
const mg = 'mothergoose {\n  cloud {\n    provider = "aws"\n    region = "eu-central-1"\n  }\n}\n';
let plane: ControlPlane;

async function aPlane(settings: Partial<EngineSettings>): Promise<void> {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings });
  plane.model.projects.set(1, 'group/app');
  plane.model.projects.set(2, 'group/here');
  const here = eggText('here', { project: 2 }).replace(
    '  type',
    '  cloud {\n    provider = "local"\n  }\n  type',
  );
  await install(plane, { ...nestOf({ app: {} }), 'Eggs/here/config.fly': here, 'MG/config.fly': mg });
  for (const [jobId, project] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const job = { serverProject: `gitlab.com#${project}`, jobId, name: 'b', ref: 'm', pipelineId: 1 };
    await applyJob(plane.deps, { ...job, tags: ['linux'], status: 'pending' }, direct);
  }
}

async function publishAgent(): Promise<void> {
  const rows = Object.entries(sums).map(([platform, sha256]) => ({
    ...{ version_id: platform, release: '1.2.3', source: 'github', platform, active: true },
    ...{ sha256_hash: sha256, activated_at: plane.clock.now() },
  }));
  const put = { kind: 'put', table: 'gosling_version', when: { kind: 'absent' } } as const;
  await plane.deps.store.commit(
    rows.map((row) => ({ ...put, row })),
    direct,
  );
}

async function problemOf(egg: string): Promise<unknown> {
  const rows = await plane.recording.rows('egg_state');
  const problems = rows.find((row) => row['egg_name'] === egg)?.['problems'] ?? {};
  return (problems as { local?: unknown }).local;
}

async function entries() {
  const rows = await plane.recording.rows('runners');
  return rows.map(({ entry }) => JSON.parse(new TextDecoder().decode(entry as Uint8Array)));
}

describe('an Egg in a cloud', () => {
  const urls = { publicUrl: 'https://goose.example.com', agentUrl: 'http://127.0.0.1:8080' };
  beforeEach(() => aPlane({ clouds, ...urls }));

  it('gets its machines with the installation’s part and the agent in force', async () => {
    await publishAgent();

    await reconcile(plane.deps, 'app', direct);

    const [runner] = await plane.recording.rows('runners');
    const [entry] = await entries();
    expect(runner).toMatchObject({ cloud_provider: 'aws', region: 'eu-central-1', state: 'requested' });
    expect(entry).toMatchObject({
      ...{ provider: 'aws', type: 'vm', subnet_id: 'subnet-a', security_group_ids: ['sg-0'] },
      gosling: { version: '1.2.3', sha256: sums.linux_amd64 },
    });
    expect(await problemOf('app')).toBeUndefined();
  });

  it('tells a machine elsewhere our public URL, and one of this host how it reaches us here', async () => {
    await publishAgent();

    for (const egg of ['app', 'here']) await reconcile(plane.deps, egg, direct);

    const told = (await entries()).map(({ egg_name: egg, gosling_url: url }) => [egg, url]);
    expect(Object.fromEntries(told)).toEqual({ app: urls.publicUrl, here: urls.agentUrl });
  });

  it('is refused with what to do while something is missing, and served as soon as it is there', async () => {
    await reconcile(plane.deps, 'app', direct);
    const before = await plane.recording.rows('runners');
    const problem = await problemOf('app');
    await publishAgent();
    await reconcile(plane.deps, 'app', direct);

    expect(before).toEqual([]);
    expect(problem).toMatchObject({
      code: 'CLOUD_INCOMPLETE',
      detail: expect.stringContaining('gosling tofu install'),
    });
    expect(await plane.recording.rows('runners')).toHaveLength(1);
    expect(await problemOf('app')).toBeUndefined();
  });

  it('that is not set up holds up no other Egg, and says why its job waits', async () => {
    await aPlane({});

    await reconcile(plane.deps, 'app', direct);
    await reconcile(plane.deps, 'here', direct);

    const caller = { tokenId: 't', name: 'me', role: 'admin' } as const;
    const request = { server: 'gitlab.com', project: '1', jobId: 1 };
    const told = await why(plane.deps, { caller, request }, direct);
    expect((await plane.recording.rows('runners')).map((row) => row['egg_name'])).toEqual(['here']);
    expect(told?.blockers).toMatchObject([
      { code: 'CLOUD_NOT_SET_UP', detail: expect.stringContaining('GOSLING_CLOUDS') },
    ]);
  });
});

describe('what a cloud says of a silent runner', () => {
  const hourMs = 3_600_000;
  const says = (state: 'running' | 'stopped' | 'gone' | undefined): CloudMachines => ({
    list: async () => [],
    status: async ({ runnerId }) => (state === undefined ? undefined : { runnerId, egg: 'app', state }),
  });
  beforeEach(async () => {
    await aPlane({ clouds });
    await publishAgent();
    await reconcile(plane.deps, 'app', direct);
  });

  async function proof(
    cloudMachines: InternalDeps['cloudMachines'],
    over: { livedMsAgo?: number; provider?: string; type?: string; entry?: object } = {},
  ) {
    const { livedMsAgo = hourMs, provider = 'aws', type = 'vm' } = over;
    const [row] = await plane.recording.rows('runners');
    const entry = over.entry && { entry: new TextEncoder().encode(JSON.stringify(over.entry)) };
    const asked = {
      row: { ...row, cloud_provider: provider, type, ...entry, metadata: { vanished: true, gone: true } },
      livedAt: plane.clock.now() - livedMsAgo,
      askGitlab: false,
      isFree: true,
    };
    // biome-ignore lint/suspicious/noExplicitAny: a row of the store as the engine reads it
    const found = await proofOf({ ...plane.deps, cloudMachines: cloudMachines ?? {} }, asked as any, direct);
    return found.cloud;
  }

  it('is its own word and never that of this host, which has no such machine', async () => {
    expect(await proof({ aws: says('running') })).toBe('running');
    expect(await proof({ aws: says('stopped') })).toBe('running');
    expect(await proof({ aws: says('gone') })).toBe('gone');
    expect(await proof({ aws: says(undefined) })).toBe('gone');
    expect(await proof({})).toBe('unknown');
    expect(await proof({ yandex: says(undefined) })).toBe('unknown');
  });

  it('is unknown when it sees nothing from here, though OpenTofu has found the machine gone', async () => {
    const status = () => Promise.reject(machinesErrors.unavailable({ reason: 'another account' }));

    expect(await proof({ aws: { list: async () => [], status } })).toBe('unknown');
  });

  it('is asked for with what the runner was made with, whatever is set up now', async () => {
    const asked: unknown[] = [];
    const status: CloudMachines['status'] = async (machine) => void asked.push(machine);
    const [row] = await plane.recording.rows('runners');
    const tags = { 'polar-gosling-installation': 'before', 'polar-gosling-folder': 'b1g0' };
    const made = { name: 'runner-1', tags, subnet_id: 'subnet-before', container: { cluster: 'arn:before' } };

    await proof({ aws: { list: async () => [], status } }, { entry: made });

    expect(asked).toEqual([
      {
        ...{ runnerId: row?.['id'], type: 'vm', region: 'eu-central-1', installation: 'before' },
        ...{ name: 'runner-1', cluster: 'arn:before', subnet: 'subnet-before', folder: 'b1g0' },
      },
    ]);
  });

  it('is nothing where the entry does not tell what to ask for', async () => {
    const entry = { name: 'runner-1', tags: {} };

    expect(await proof({ aws: says(undefined) }, { entry })).toBe('unknown');
  });

  it('is, of an invocation, only that it cannot last any longer', async () => {
    const at = { provider: 'yandex', type: 'serverless' };

    expect(await proof({ yandex: says(undefined) }, { ...at, livedMsAgo: hourMs })).toBe('unknown');
    expect(await proof({ yandex: says('running') }, { ...at, livedMsAgo: hourMs + 120_000 })).toBe('gone');
  });
});
