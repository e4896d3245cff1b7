import { Secret } from '@polar-gosling/kernel';
import { binaryErrors } from '@polar-gosling/ports/binaries';
import type { Row, ToolVersionRow, Write } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../api/caller.ts';
import type { InstallRequest } from '../api/tools.ts';
import { member, memberWrite } from '../rows/writes.ts';
import { createControlPlane } from '../testing/control-plane.ts';
import type { FakeBinaries } from '../testing/fake-binaries.ts';
import { decideRemovals } from './decide-removals.ts';
import { followActiveTofu } from './follow-active.ts';
import { readVersions } from './version-rows.ts';

const options = { signal: new AbortController().signal };
const caller: Caller = { name: 'ada', role: 'admin', tokenId: 't1' };
const hourMs = 3_600_000;
const other = (url: string) => ({ kind: 'other', url, sha256: 'a'.repeat(64) }) as const;

async function fixture() {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  const binaries = plane.deps.binaries.tofu as FakeBinaries;
  binaries.offered.push('1.11.0', '1.12.0', '1.12.5', '1.12.6', '1.13.0');
  const { tools } = plane.engine();
  const install = async (version: string, changes: Partial<InstallRequest> = {}) => {
    const source = { kind: 'github' } as const;
    await tools.install(caller, { kind: 'tofu', version, source, use: true, ...changes }, options);
    plane.start();
    await plane.run(30_000);
    await plane.stop();
  };
  const versions = async () => readVersions(plane.deps, 'tofu', options);
  const active = async () => (await versions()).filter((row) => row.active).map(({ release }) => release);
  return { clock, plane, binaries, tools, install, versions, active };
}

describe('installing a version', () => {
  it('is done by a worker, and leaves a row of what is here and who asked for it', async () => {
    const { install, versions, plane } = await fixture();

    await install('1.12.6');

    expect(await versions()).toEqual([
      expect.objectContaining({
        ...{ release: '1.12.6', source: 'github', platform: 'linux_amd64', active: true },
        ...{ proved_by: 'signature', sha256_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        downloaded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      }),
    ]);
    const audit = (await plane.recording.rows('audit_logs')).map(({ actor, action }) => `${actor} ${action}`);
    expect(audit).toEqual(expect.arrayContaining(['ada install', 'install installed', 'install use']));
  });

  it('tells its row how much came, once in two seconds, and is forgotten like any other', async () => {
    const { install, versions, binaries, clock } = await fixture();
    const told: (readonly [number | undefined, number])[] = [];
    binaries.fetching = async (tell) => {
      for (let part = 1; part <= 100; part++) {
        tell({ receivedBytes: part * 1_000, totalBytes: 100_000 });
        await clock.sleep(100, options.signal);
        const [row] = await versions();
        told.push([row?.progress?.received_bytes, row?.version ?? 0]);
      }
    };

    await install('1.12.6');

    const bytes = [...new Set(told.map(([received]) => received))];
    expect(bytes.length).toBeGreaterThanOrEqual(5);
    expect(bytes).toEqual([undefined, ...bytes.slice(1).toSorted((a, b) => Number(a) - Number(b))]);
    expect(told.at(-1)?.[1]).toBeLessThanOrEqual((told[0]?.[1] ?? 0) + 5);
    expect((await versions()).map(({ state, active }) => [state, active])).toEqual([[undefined, true]]);
  });

  it('tells its row nothing more once it has failed', async () => {
    const { install, versions, binaries } = await fixture();
    binaries.fetching = async (tell) => tell({ receivedBytes: 7, totalBytes: 9 });

    await install('9.9.9');

    const [row] = await versions();
    expect([row?.state, row?.progress?.received_bytes]).toEqual(['failed', 7]);
    expect(row?.updated_at).toBe(row?.problem.since);
  });

  it('is done once more when it was asked for while it was fetched', async () => {
    const { install, tools, versions, binaries, clock } = await fixture();
    const request = { kind: 'tofu', version: '1.12.6', source: { kind: 'github' }, use: true } as const;
    binaries.fetching = async (tell) => {
      if (binaries.sources.length === 1) await tools.install(caller, request, options);
      tell({ receivedBytes: 7, totalBytes: undefined });
      await clock.sleep(3_000, options.signal);
    };

    await install('1.12.6');

    expect(binaries.sources).toHaveLength(2);
    expect((await versions()).map(({ state, active }) => [state, active])).toEqual([[undefined, true]]);
  });

  it('shows why it failed, until it is asked for again', async () => {
    const { install, versions, binaries } = await fixture();

    await install('9.9.9');
    const failed = await versions();
    binaries.offered.push('9.9.9');
    await install('9.9.9');

    expect(failed).toEqual([
      expect.objectContaining({
        ...{ release: '9.9.9', state: 'failed', active: false },
        problem: expect.objectContaining({ code: 'BINARY_CHECKSUM' }),
      }),
    ]);
    expect((await versions()).map(({ state, active }) => [state, active])).toEqual([[undefined, true]]);
  });

  it('tries again what may be mended by time, and not what cannot', async () => {
    const { install, versions, binaries } = await fixture();
    const gone = binaryErrors.download({ what: 'OpenTofu', url: 'https://x.test', reason: 'reset' });
    binaries.failures = [gone, gone];

    await install('1.12.6');

    expect(binaries.sources).toHaveLength(3);
    expect((await versions()).map(({ state }) => state)).toEqual([undefined]);
  });

  it('reads the secret of a private source by its reference, and keeps only that', async () => {
    const { install, plane, binaries } = await fixture();
    await plane.deps.secrets.write('tools/token', new Secret('hush-hush-hush'), options);
    const auth = { kind: 'bearer', secretRef: 'tools/token' } as const;

    await install('1.12.6', {
      source: { kind: 'other', url: 'https://x.test/{version}', sha256: 'a'.repeat(64), auth },
    });

    const [source] = binaries.sources;
    expect(source?.auth?.secret.reveal()).toBe('hush-hush-hush');
    expect(JSON.stringify(await plane.recording.rows('opentofu_version'))).not.toContain('hush');
  });

  it.each(['store/keyring', 'gitlab/gitlab.com/default/api-token', 'deploy-keys/mothergoose-private'])(
    'sends no secret that is for another use: %s',
    async (secretRef) => {
      const { install, versions, binaries, plane } = await fixture();
      await plane.deps.secrets.write(secretRef, new Secret('hush-hush-hush'), options);

      const asked = install('1.12.6', { source: { kind: 'github', auth: { kind: 'token', secretRef } } });

      await expect(asked).rejects.toMatchObject({ code: 'BINARY_BAD_REQUEST' });
      expect([binaries.sources, await versions()]).toEqual([[], []]);
    },
  );

  it.each<[string, string, Partial<InstallRequest>]>([
    ['a version that is none', '1.12', {}],
    ['a version that is a program for terminals', '<b>\0\u001b[31mx', {}],
    ['a platform that there is not', '1.12.6', { platform: 'foo' }],
    ['the agent without a repository', '1.12.6', { kind: 'gosling' }],
    ['an address that is not https', '1.12.6', { source: other('http://x.test/{version}') }],
  ])('refuses %s, and leaves no row', async (_what, version, changes) => {
    const { install, versions } = await fixture();

    await expect(install(version, changes)).rejects.toMatchObject({ code: 'BINARY_BAD_REQUEST' });
    expect(await versions()).toEqual([]);
  });

  it('keeps what was asked for from two places apart, and what failed only until it is asked for again', async () => {
    const { tools, install, versions, plane } = await fixture();
    const ask = (url: string) =>
      tools.install(caller, { kind: 'tofu', version: '9.9.9', source: other(url), use: false }, options);
    const [first, second] = [await ask('https://a.test'), await ask('https://b.test')];
    const wanted = await versions();
    plane.start();
    await plane.run(30_000);
    await plane.stop();
    const failed = await versions();

    await install('9.9.9', { source: other('https://c.test') });

    const ids = (rows: readonly ToolVersionRow[]) => rows.map((row) => `${row.state} ${row.version_id}`);
    expect(ids(wanted).toSorted()).toEqual([`wanted ${first}`, `wanted ${second}`].toSorted());
    expect(ids(failed).toSorted()).toEqual([`failed ${first}`, `failed ${second}`].toSorted());
    expect((await versions()).map(({ state, request }) => `${state} ${request.source.url}`)).toEqual([
      'failed https://c.test',
    ]);
  });

  it('forgets after a week what failed, and removes it when something is asked for', async () => {
    const { install, versions, plane, clock } = await fixture();
    await install('9.9.9');

    await clock.advance(6 * 24 * hourMs);
    const within = await versions();
    await clock.advance(2 * 24 * hourMs);
    const after = await versions();
    await install('1.12.6');

    expect([within.length, after.length]).toEqual([1, 0]);
    expect((await plane.recording.rows('opentofu_version')).map(({ release }) => release)).toEqual([
      '1.12.6',
    ]);
  });

  it('shows also a failure that nobody foresaw', async () => {
    const { install, versions, binaries } = await fixture();
    binaries.failures = [new TypeError('undefined is not a function')];

    await install('1.12.6');

    expect((await versions()).map(({ state, problem }) => [state, problem?.code])).toEqual([
      ['failed', 'KERNEL_INTERNAL'],
    ]);
  });

  it('shows that it is here but cannot be used on this platform', async () => {
    const { install, versions } = await fixture();

    await install('1.12.6', { platform: 'darwin_arm64' });

    expect(
      (await versions()).map(({ state, problem }) => state ?? problem?.code ?? 'here').toSorted(),
    ).toEqual(['failed', 'here']);
  });

  it('says which secret is missing', async () => {
    const { install, versions } = await fixture();
    const auth = { kind: 'token', secretRef: 'tools/token' } as const;

    await install('1.12.6', { source: { kind: 'github', auth } });

    expect((await versions())[0]?.problem).toMatchObject({
      code: 'SECRET_MISSING',
      detail: expect.stringContaining('gosling secret put tools/token'),
    });
  });
});

describe('choosing a version', () => {
  it('has one active version, and goes back to the one before', async () => {
    const { install, tools, active } = await fixture();
    await install('1.12.5');
    await install('1.12.6');
    const before = await active();

    const back = await tools.rollback(caller, 'tofu', options);

    expect(before).toEqual(['1.12.6']);
    expect(back).toBe('1.12.5');
    expect(await active()).toEqual(['1.12.5']);
  });

  it('goes back to another version where one is here from two sources, or for two platforms', async () => {
    const { install, tools, plane, clock } = await fixture();
    const agents = plane.deps.binaries.gosling as FakeBinaries;
    agents.offered.push('1.0.0', '1.1.0', '1.2.0');
    await install('1.12.5');
    await install('1.12.6');
    await install('1.12.6', { source: other('https://x.test/{version}') });
    for (const version of ['1.0.0', '1.1.0']) {
      for (const platform of ['linux_amd64', 'linux_arm64']) {
        await install(version, { kind: 'gosling', platform, source: other('https://x.test') });
        await clock.advance(1_000);
      }
    }
    await install('1.2.0', { kind: 'gosling', platform: 'linux_amd64', source: other('https://x.test') });
    await tools.use(caller, { kind: 'gosling', version: '1.1.0' }, options);

    const back = [
      await tools.rollback(caller, 'tofu', options),
      await tools.rollback(caller, 'gosling', options),
    ];

    expect(back).toEqual(['1.12.5', '1.0.0']);
    const inUse = (await readVersions(plane.deps, 'gosling', options)).filter(({ active }) => active);
    expect(inUse.map(({ release, platform }) => `${release} ${platform}`).toSorted()).toEqual([
      ...['1.0.0 linux_amd64', '1.0.0 linux_arm64'],
    ]);
  });

  it('refuses a version that is not here, or only for another platform, and a way back from the first', async () => {
    const { install, tools } = await fixture();
    await install('1.12.6');
    await install('1.12.5', { platform: 'darwin_arm64', use: false });

    const use = (version: string) => tools.use(caller, { kind: 'tofu', version }, options);
    await expect(use('1.0.0')).rejects.toMatchObject({ code: 'BINARY_UNKNOWN_VERSION' });
    await expect(use('1.12.5')).rejects.toMatchObject({ code: 'BINARY_UNKNOWN_VERSION' });
    await expect(tools.rollback(caller, 'tofu', options)).rejects.toMatchObject({
      code: 'BINARY_NO_ROLLBACK',
    });
  });

  it('reaches the host before the next run, once, and only when it changed', async () => {
    const { install, plane, binaries, clock } = await fixture();
    await install('1.12.6');

    await followActiveTofu(plane.deps, options);
    await clock.advance(61_000);
    await followActiveTofu(plane.deps, options);
    await install('1.12.5');
    await clock.advance(61_000);
    await followActiveTofu(plane.deps, options);

    expect(binaries.used).toEqual(['1.12.6', '1.12.5']);
  });
});

describe('a host that follows the active version', () => {
  it('is tidied once an hour, of all but the versions that are kept, and only where some are managed', async () => {
    const { install, plane, binaries, clock } = await fixture();
    const agents = plane.deps.binaries.gosling as FakeBinaries;
    await followActiveTofu(plane.deps, options);
    const unmanaged = binaries.tidied.length;
    await install('1.12.5');
    await install('9.9.9');
    await install('1.12.6');

    for (const minutes of [59, 2, 30, 31]) {
      await clock.advance(minutes * 60_000);
      await followActiveTofu(plane.deps, options);
    }

    expect(unmanaged).toBe(0);
    const kept = ['1.12.5', '1.12.6'];
    expect([binaries.tidied, agents.tidied]).toEqual([[kept, kept], []]);
  });

  it('runs also where it cannot be tidied', async () => {
    const { install, plane, binaries } = await fixture();
    await install('1.12.6');
    binaries.tidy = async () => {
      throw binaryErrors.unwritable({ path: '/bin', reason: 'EROFS' });
    };

    await followActiveTofu(plane.deps, options);

    expect(binaries.used).toEqual(['1.12.6']);
  });
});

describe('old versions', () => {
  const row = (release: string, usedAt?: number, changes: Partial<ToolVersionRow> = {}) =>
    ({
      ...{ version: 1, updated_at: 0, version_id: release, release, source: 'github', active: false },
      ...{ platform: 'linux_amd64', sha256_hash: 'x' },
      ...(usedAt !== undefined && { activated_at: usedAt }),
      ...changes,
    }) as ToolVersionRow;
  const used = ['e', 'd', 'c', 'b', 'a'].map((release, place) => row(release, 5 - place));
  const now = 10 * hourMs;
  const removedOf = (rows: readonly ToolVersionRow[], inPlans: string[] = [], at = now) =>
    decideRemovals(rows, { keep: 3, now: at, inPlans: new Set(inPlans) }).map(({ release }) => release);

  it('keeps the active one and those to go back to', () => {
    expect(removedOf(used)).toEqual(['a']);
    expect(removedOf(used.slice(0, 4))).toEqual([]);
  });

  it('never removes one that a plan needs, one that was never used, or one in use a moment ago', () => {
    expect(removedOf(used, ['a'])).toEqual([]);
    expect(removedOf([...used, row('z')])).toEqual(['a']);
    expect(removedOf(used, [], hourMs)).toEqual([]);
    expect(removedOf([...used.slice(0, 4), row('a', 1, { active: true })])).toEqual([]);
  });

  it('go from the table when there are too many', async () => {
    const { install, clock, versions } = await fixture();
    for (const version of ['1.11.0', '1.12.0', '1.12.5', '1.12.6']) {
      await install(version);
      await clock.advance(2 * hourMs);
    }

    await install('1.13.0');

    expect((await versions()).map(({ release }) => release).toSorted()).toEqual([
      ...['1.12.0', '1.12.5', '1.12.6', '1.13.0'],
    ]);
  });

  it.each([
    ['stays while a run in flight has a plan of it', planWrites('applying', '1.11.0'), true],
    ['goes when the plan of the run in flight is of another', planWrites('applying', '1.12.0'), false],
    ['stays while a plan of it is armed', planWrites('armed', '1.11.0'), true],
    ['goes when the armed plan of it was applied', planWrites('disarmed', '1.11.0'), false],
  ])('of which the oldest %s', async (_what, plans, stays) => {
    const { install, clock, versions, plane } = await fixture();
    for (const version of ['1.11.0', '1.12.0', '1.12.5', '1.12.6']) {
      await install(version);
      await clock.advance(2 * hourMs);
    }
    await plane.deps.store.commit(plans, options);

    await install('1.13.0');

    expect((await versions()).some(({ release }) => release === '1.11.0')).toBe(stays);
  });
});

/** A plan of a run in flight of the Nest's Egg `web`, or one for long-lived resources. */
function planWrites(kind: 'applying' | 'armed' | 'disarmed', version: string): Write[] {
  const isRun = kind === 'applying';
  const plan = {
    ...{ id: 'p1', egg_name: isRun ? 'web' : 'rift', plan_type: isRun ? 'runner' : 'rift', kind: 'scale' },
    ...{ shard: 0, status: kind === 'armed' ? 'pending' : 'applied', tofu_version: version },
    ...{ config_hash: '', git_commit: '', created_at: 1 },
  };
  const run = {
    ...{ id: 'r1', egg_name: 'web', shard: 0, plan_id: 'p1', state: 'applying', host: 'host' },
    ...{ boot_id: 'boot', fence: 1, started_at: 1, hard_end_at: 1e15 },
  };
  const nest = {
    ...{ name: 'nest', kind: 'nest', config_hash: '', machine_hash: '', git_commit: '', status: 'active' },
    ...{ source_file: '', synced_at: 1, created_at: 1 },
    config: { commit: '', eggs: ['other', 'web'], status: 'success', revision: 1 },
  };
  const absent = { kind: 'absent' } as const;
  const put = (table: 'deployment_plans' | 'runs' | 'egg_configs', row: Row): Write => ({
    kind: 'put',
    table,
    row,
    when: absent,
  });
  const ofRun = [put('runs', run), put('egg_configs', nest), memberWrite('web', member.run(0, 'r1'), 'x')];
  const inForce = { ...plan, id: 'p2', status: 'applied', tofu_version: '1.12.0', rollback_plan_id: 'p1' };
  const ofSet = [put('deployment_plans', inForce), memberWrite('rift', member.plan(0), 'p2')];
  return [put('deployment_plans', plan), ...(isRun ? ofRun : ofSet)];
}
