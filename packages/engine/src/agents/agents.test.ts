import { createMasker, Secret, silentLogger } from '@polar-gosling/kernel';
import { createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import { storeErrors } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentReport } from '../api/agents.ts';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { runShard } from '../run/run-shard.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import type { FakeBinaries } from '../testing/fake-binaries.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { bootstrap } from './bootstrap.ts';
import { heartbeat } from './heartbeat.ts';

let plane: ControlPlane;
let runnerId: string;
let oneTime: Secret;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: {} }));
  const job = {
    serverProject: 'gitlab.com#1',
    jobId: 1,
    name: 'b',
    ref: 'm',
    pipelineId: 1,
    tags: ['linux'],
  };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
  await reconcile(plane.deps, 'app', direct);
  const made = runShard(plane.deps, { egg: 'app', shard: 0 }, direct);
  await clock.advance(5_000);
  await made;
  const [machine] = plane.tofu.machines.values();
  runnerId = machine?.runnerId ?? '';
  oneTime = new Secret(machine?.entry.bootstrap_token ?? '');
});

function boot(over: { token?: Secret; bootId?: string; runnerId?: string } = {}) {
  const request = { goslingVersion: '1.0.0', platform: 'linux', architecture: 'amd64', bootId: 'first' };
  return plane.engine().agents.bootstrap({ ...request, runnerId, token: oneTime, ...over }, direct);
}

function aReport(over: Partial<AgentReport> = {}): AgentReport {
  const load = { cpuUsage: 1, memoryUsage: 2, diskUsage: 3, failureCount: 0, jobCount: 0 };
  const agent = { agentVersion: '19.0.0', goslingVersion: '1.0.0', configHash: 'none' };
  return { seq: 1, sentAt: plane.clock.now(), state: 'idle', jobs: [], ...load, ...agent, ...over };
}

function beat(token: Secret, over: Partial<AgentReport> = {}, id = runnerId) {
  return plane.engine().agents.heartbeat({ runnerId: id, token, report: aReport(over) }, direct);
}

async function setRunner(set: object) {
  const key = { table: 'runners', partition: runnerId } as const;
  await plane.deps.store.commit([{ kind: 'update', key, set: { ...set }, when: { kind: 'any' } }], direct);
}

async function agentRow() {
  return (await plane.recording.rows('runner_agents'))[0];
}

async function dirtyGeneration() {
  return Number((await plane.recording.rows('egg_state'))[0]?.['dirty_generation']);
}

describe('the gitlab-runner of a mirror', () => {
  const runnerMirror = {
    url: 'https://mirror.example.com/gitlab-runner-{os}-{arch}',
    sha256: { 'linux-amd64': 'a'.repeat(64) },
  };

  function bootOn(architecture: string) {
    const settings = { ...plane.deps.settings, runnerMirror };
    const request = { goslingVersion: '1.0.0', platform: 'linux', architecture, bootId: 'first' };
    return bootstrap({ ...plane.deps, settings }, { ...request, runnerId, token: oneTime }, direct);
  }

  it.each(['x64', 'amd64'])('is told to a machine of the platform (%s)', async (architecture) => {
    expect((await bootOn(architecture)).runnerVersion).toEqual({
      want: 'latest',
      mirror: 'https://mirror.example.com/gitlab-runner-linux-amd64',
      sha256: 'a'.repeat(64),
    });
  });

  it('is not told where its SHA-256 is not known', async () => {
    expect((await bootOn('arm64')).runnerVersion).toEqual({ want: 'latest' });
  });

  it('is not told where there is no mirror', async () => {
    expect((await boot()).runnerVersion).toEqual({ want: 'latest' });
  });
});

describe('the download of the agent', () => {
  const binary = new TextEncoder().encode('the agent of 1.2.3');

  async function launchedWith(gosling?: { version: string; sha256: string }) {
    const row = (await plane.recording.rows('runners'))[0];
    const entry = JSON.parse(new TextDecoder().decode(row?.['entry'] as Uint8Array));
    await setRunner({ entry: new TextEncoder().encode(JSON.stringify({ ...entry, gosling })) });
    (plane.deps.binaries.gosling as FakeBinaries).bytes.set('a', binary);
  }

  function download(over: { token?: Secret; os?: 'linux' | 'windows' } = {}) {
    const request = { runnerId, token: oneTime, os: 'linux' as const, ...over };
    return plane.engine().agents.gosling(request, direct);
  }

  it('gives the build of the entry, and leaves the token good', async () => {
    await launchedWith({ version: '1.2.3', sha256: 'a' });

    const first = await download();
    const second = await download();

    expect([first, second]).toEqual([binary, binary]);
    await expect(boot()).resolves.toMatchObject({ runnerId });
  });

  it.each([
    ['the entry names no agent', undefined, 'linux'],
    ['there is none of that build', { version: '1.2.3', sha256: 'b' }, 'linux'],
    ['there is none for that platform', { version: '1.2.3', sha256: 'a' }, 'windows'],
  ] as const)('says so when %s', async (_why, gosling, os) => {
    await launchedWith(gosling);

    await expect(download({ os })).rejects.toMatchObject({ code: 'AGENT_NO_BINARY', http: 404 });
  });

  it('is refused to a foreign token, a used one and an expired one', async () => {
    await launchedWith({ version: '1.2.3', sha256: 'a' });

    await expect(download({ token: new Secret('another') })).rejects.toMatchObject({
      code: 'BOOTSTRAP_FOREIGN',
    });
    await plane.clock.advance(11 * 60_000);
    await expect(download()).rejects.toMatchObject({ code: 'BOOTSTRAP_EXPIRED' });
    await plane.clock.advance(-11 * 60_000);
    await boot();
    await expect(download()).rejects.toMatchObject({ code: 'BOOTSTRAP_USED' });
  });
});

describe('bootstrap', () => {
  it('Feature: gitops-runner-orchestration, Property 12: gives a serverless runner an hour at most, and its jobs less', async () => {
    await setRunner({ type: 'serverless' });
    const [runner] = await plane.recording.rows('runners');

    const { timeouts } = await boot();

    expect(timeouts.maxLifeAt).toBe(Number(runner?.['created_at']) + 60 * 60_000);
    expect(timeouts).toMatchObject({ jobS: 55 * 60, drainS: 55 * 60 });
  });

  it('trades the one-time token for everything a runner needs', async () => {
    const answer = await boot();

    expect(answer).toMatchObject({ runnerId, eggName: 'app', pool: 'apex', heartbeatS: 15 });
    expect(answer.gitlab).toMatchObject({
      url: 'https://gitlab.com',
      systemId: expect.stringMatching(/^r_/),
    });
    expect(answer.gitlab.token.reveal()).toMatch(/^glrt-/);
    expect(answer.config).toMatchObject({ executor: 'shell', tags: ['linux'], concurrent: 1 });
    expect(JSON.stringify(await plane.recording.rows('runner_agents'))).not.toContain(
      answer.agentToken.reveal(),
    );
  });

  it('refuses a token that was used, is too old, or belongs to another runner', async () => {
    await expect(boot({ token: new Secret('a guess') })).rejects.toMatchObject({
      code: 'BOOTSTRAP_FOREIGN',
      http: 401,
    });
    await expect(boot({ runnerId: 'nobody' })).rejects.toMatchObject({ code: 'BOOTSTRAP_FOREIGN' });
    await boot();
    await expect(boot({ bootId: 'second' })).rejects.toMatchObject({ code: 'BOOTSTRAP_USED', http: 401 });
    await plane.clock.advance(10 * 60_000);
    await expect(boot()).rejects.toMatchObject({ code: 'BOOTSTRAP_EXPIRED', http: 401 });
  });

  it('answers the same boot again until its first report, and the earlier agent token dies', async () => {
    const first = await boot();
    const second = await boot();

    await expect(beat(first.agentToken)).rejects.toMatchObject({ code: 'AGENT_UNAUTHORIZED', http: 401 });
    await beat(second.agentToken);
    await expect(boot()).rejects.toMatchObject({ code: 'BOOTSTRAP_USED' });
  });

  it('gives one answer to two calls at once', async () => {
    const both = await Promise.allSettled([boot(), boot()]);

    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a runner that is to be removed, or was', async () => {
    for (const state of ['failed', 'terminating', 'terminated']) {
      await setRunner({ state });
      await expect(boot()).rejects.toMatchObject({ code: 'AGENT_TERMINATED', http: 410 });
    }
  });

  it('refuses where the registration is gone', async () => {
    const key = { table: 'registrations', partition: 'app#gitlab.com#project#1' } as const;
    await plane.deps.store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], direct);

    await expect(boot()).rejects.toMatchObject({ code: 'AGENT_UNKNOWN', http: 404 });
  });
});

describe('heartbeat', () => {
  it('keeps what the agent says and answers what the runner shall do', async () => {
    const { agentToken, configHash } = await boot();
    const answer = await beat(agentToken, { configHash });

    expect(answer).toEqual({ desired: 'run', configHash, nextInS: 15 });
    expect(await agentRow()).toMatchObject({ reported_state: 'idle', seq: 1, idle_since: plane.clock.now() });
    expect(await plane.recording.rows('runner_metrics')).toMatchObject([
      { cpu_usage: 1, agent_version: '19.0.0' },
    ]);
  });

  it('keeps what was measured in silence, at its own times, once however often it is sent', async () => {
    const { agentToken } = await boot();
    const now = plane.clock.now();
    const { jobs: _jobs, ...measured } = aReport({ state: 'parked' });
    const buffered = Array.from({ length: 60 }, (_, index) => ({
      ...measured,
      seq: index + 1,
      sentAt: now - 60_000 + index * 1_000,
      cpuUsage: index,
    }));
    const dayMs = 86_400_000;
    const odd = [
      { ...measured, seq: 61, sentAt: now - dayMs },
      { ...measured, seq: 62, sentAt: now - 1_000, cpuUsage: 62 },
      { ...measured, seq: 63, sentAt: now + 60_000 },
    ];

    await beat(agentToken, { seq: 64, cpuUsage: 64, buffered: [...buffered, ...odd] });
    await beat(agentToken, { seq: 65, cpuUsage: 65, buffered: [...buffered, ...odd] });

    const rows = (await plane.recording.rows('runner_metrics')).toSorted(
      (a, b) => Number(a['timestamp']) - Number(b['timestamp']),
    );
    expect(rows.map((row) => Number(row['timestamp']) - now)).toEqual(
      Array.from({ length: 61 }, (_, index) => index * 1_000 - 60_000),
    );
    expect(rows.map((row) => row['cpu_usage'])).toEqual([...Array(59).keys(), 62, 65]);
    expect(rows[0]).toMatchObject({ state: 'parked', expires_at: now - 60_000 + dayMs });
  });

  it('is not answered before what was measured in silence is kept, so that it is sent again', async () => {
    const { agentToken } = await boot();
    const now = plane.clock.now();
    const { jobs: _jobs, ...measured } = aReport({ sentAt: now - 1_000 });
    const { store } = plane.deps;
    const commit: typeof store.commit = (unit, options) =>
      unit.every((write) => write.kind === 'put' && write.table === 'runner_metrics')
        ? Promise.reject(storeErrors.unavailable({ op: 'commit' }))
        : store.commit(unit, options);
    const deps = { ...plane.deps, store: { ...store, commit } };
    const report = aReport({ buffered: [measured] });

    const beating = heartbeat(deps, { runnerId, token: agentToken, report }, direct);

    await expect(beating).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', http: 503 });
    await beat(agentToken, { seq: 2, buffered: [measured] });
    const rows = await plane.recording.rows('runner_metrics');
    expect(rows.map((row) => row['timestamp']).toSorted()).toEqual([now - 1_000, now]);
  });

  it('wakes reconcile for news, not for a sign of life', async () => {
    const { agentToken } = await boot();
    const job = { server: 'gitlab.com', projectId: 1, jobId: 7, since: 0 };
    const news = [
      { state: 'idle' },
      { state: 'active', jobs: [job] },
      { state: 'active', jobs: [{ ...job, jobId: 8 }], jobCount: 1 },
      { state: 'idle', jobCount: 3 },
      { state: 'idle', jobCount: 3, failureCount: 1 },
    ] as const;
    for (const [index, report] of news.entries()) {
      const before = await dirtyGeneration();
      await beat(agentToken, { ...report, seq: 2 * index + 1 });
      expect(await dirtyGeneration()).toBe(before + 1);
      await beat(agentToken, { ...report, seq: 2 * index + 2 });
      expect(await dirtyGeneration()).toBe(before + 1);
    }
  });

  it('ignores an older report that comes late, but answers it', async () => {
    const { agentToken } = await boot();
    await beat(agentToken, { seq: 5, state: 'active' });

    expect(await beat(agentToken, { seq: 4, state: 'idle' })).toMatchObject({ desired: 'run' });
    expect(await agentRow()).toMatchObject({ seq: 5, reported_state: 'active' });
  });

  it('counts idleness from the end of the last job, even of one it never saw', async () => {
    const { agentToken } = await boot();
    await beat(agentToken);
    await plane.clock.advance(60_000);
    await beat(agentToken, { seq: 2, jobCount: 1 });

    expect(await agentRow()).toMatchObject({ idle_since: plane.clock.now() });
  });

  it('tells a runner nobody knows, one that is gone and one with a bad token apart', async () => {
    const { agentToken } = await boot();

    await expect(beat(agentToken, {}, 'nobody')).rejects.toMatchObject({ code: 'AGENT_UNKNOWN', http: 404 });
    await expect(beat(new Secret('x'))).rejects.toMatchObject({ code: 'AGENT_UNAUTHORIZED', http: 401 });
    await setRunner({ state: 'terminated' });
    await expect(beat(agentToken)).rejects.toMatchObject({ code: 'AGENT_TERMINATED', http: 410 });
  });

  it('drains a runner that failed while it was made', async () => {
    const { agentToken } = await boot();
    await setRunner({ state: 'failed' });
    expect(await beat(agentToken)).toMatchObject({ desired: 'drain' });
    await setRunner({ state: 'terminating', desired: 'stop' });
    expect(await beat(agentToken, { seq: 2 })).toMatchObject({ desired: 'stop' });
  });

  it('sends the configuration when it changed, unless that needs another machine', async () => {
    const { agentToken, configHash } = await boot();
    await install(plane, nestOf({ app: { tags: ['linux', 'new'] } }));
    const answer = await beat(agentToken, { configHash });

    expect(answer.config).toMatchObject({ tags: ['linux', 'new'] });
    expect(answer.configHash).not.toBe(configHash);
    await setRunner({ machine_hash: 'another' });
    expect(await beat(agentToken, { configHash, seq: 2 })).not.toHaveProperty('config');
  });
});

it('Feature: gitops-runner-orchestration, Property 29: environment references are resolved when a runner boots, and a missing one says so', async () => {
  const more = ['  }', '  environment {', '    PLAIN = "a"', '    TOKEN = "vault://kv/app/token"'];
  await install(plane, nestOf({ app: { more } }));
  const vault = new Map<string, Secret>();
  const { secrets } = plane.deps;
  const read: typeof secrets.read = async (reference, options) =>
    reference.startsWith('vault:') ? vault.get(reference) : secrets.read(reference, options);
  const deps = { ...plane.deps, secrets: { ...secrets, read } };
  const request = { goslingVersion: '1.0.0', platform: 'linux', architecture: 'amd64', bootId: 'first' };
  const trade = () => bootstrap(deps, { ...request, runnerId, token: oneTime }, direct);

  await expect(trade()).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  vault.set('vault://kv/app/token', new Secret('resolved'));
  expect((await trade()).config.environment).toEqual({ PLAIN: 'a', TOKEN: 'resolved' });
  expect(JSON.stringify(await plane.recording.rows('egg_configs'))).not.toContain('resolved');
});

describe('a configuration that cannot be had', () => {
  const nestWith = (tag: string) => {
    const more = ['  }', '  environment {', '    TOKEN = "vault://kv/app/token"'];
    return nestOf({ app: { tags: ['linux', tag], more } });
  };
  const vault = new Map<string, Secret>();
  let deps: ControlPlane['deps'];
  let token: Secret;
  let configHash: string;

  const problems = async () => {
    const admin = { tokenId: 't', name: 'me', role: 'admin' } as const;
    return (await plane.engine().queries.eggStatus(admin, 'app', direct))?.problems;
  };
  const beatAs = (seq: number) =>
    heartbeat(deps, { runnerId, token, report: aReport({ configHash, seq }) }, direct);

  beforeEach(async () => {
    const { secrets } = plane.deps;
    const read: typeof secrets.read = async (reference, options) =>
      reference.startsWith('vault:') ? vault.get(reference) : secrets.read(reference, options);
    deps = { ...plane.deps, secrets: { ...secrets, read } };
    vault.set('vault://kv/app/token', new Secret('there'));
    await install(plane, nestWith('a'));
    const [egg] = (await plane.recording.rows('egg_configs')).filter(({ name }) => name === 'app');
    await setRunner({ machine_hash: egg?.['machine_hash'] });
    const request = { goslingVersion: '1.0.0', platform: 'linux', architecture: 'amd64', bootId: 'first' };
    ({ agentToken: token, configHash } = await bootstrap(
      deps,
      { ...request, runnerId, token: oneTime },
      direct,
    ));
    vault.clear();
    await install(plane, nestWith('b'));
  });

  it('never keeps a runner from hearing what it shall do, and is shown on the Egg', async () => {
    await setRunner({ desired: 'drain' });

    expect(await beatAs(1)).toEqual({ desired: 'drain', configHash, nextInS: 15 });
    expect(await problems()).toMatchObject([
      { code: 'SECRET_MISSING', detail: expect.stringContaining('TOKEN of egg app') },
    ]);
  });

  it('is sent, and shown no more, once its secret is there', async () => {
    await beatAs(1);
    vault.set('vault://kv/app/token', new Secret('there again'));

    const answer = await beatAs(2);

    expect(answer.config).toMatchObject({ tags: ['linux', 'b'], environment: { TOKEN: 'there again' } });
    expect(answer.configHash).not.toBe(configHash);
    expect(await problems()).toEqual([]);
  });

  it('is shown where a value is too short to be kept out of logs, also to a runner that boots', async () => {
    const cache = { clock: plane.clock, ttlMs: 1_000, masker: createMasker(), logger: silentLogger };
    const own = createCachedSecrets(deps.secrets, cache);
    const read: typeof own.read = (reference, options) =>
      (reference.startsWith('vault:') ? own : deps.secrets).read(reference, options);
    const cached = { ...deps, secrets: { ...deps.secrets, read } };
    const key = { table: 'runner_agents', partition: runnerId } as const;
    const set = { boot_id: undefined };
    vault.set('vault://kv/app/token', new Secret('1234567'));
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
    const request = { goslingVersion: '1.0.0', platform: 'linux', architecture: 'amd64', bootId: 'first' };

    const booting = bootstrap(cached, { ...request, runnerId, token: oneTime }, direct);

    await expect(booting).rejects.toMatchObject({ code: 'SECRET_TOO_SHORT' });
    expect(await problems()).toMatchObject([
      {
        code: 'SECRET_TOO_SHORT',
        detail: expect.stringMatching(/^environment variable TOKEN of egg app has fewer than 8 characters/),
      },
    ]);
    vault.set('vault://kv/app/token', new Secret('12345678'));
    await bootstrap(cached, { ...request, runnerId, token: oneTime }, direct);
    expect(await problems()).toEqual([]);
  });

  it('is shown no more when a commit takes its cause back, though no agent asks', async () => {
    await beatAs(1);
    await install(plane, nestOf({ app: {} }));

    await reconcile(deps, 'app', direct);

    expect(await problems()).toEqual([]);
  });
});
