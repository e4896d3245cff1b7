import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@polar-gosling/kernel';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import { blobErrors } from '@polar-gosling/ports/blobs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findSnapshotMirror, noSnapshotReason } from '../cloud-bench.ts';
import {
  anEntry,
  bring,
  clock,
  createBench,
  eventually,
  findTestTofu,
  listNames,
  never,
  openRun,
  wants,
} from '../test-bench.ts';
import { createLedger } from './ledger.ts';
import {
  aHost,
  aShared,
  type Host,
  oneMachine,
  removeUpstreams,
  type Shared,
  startUpstream,
} from './provider-bench.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });
const program = findTestTofu() ?? '';
const call = { signal: never };
const packageKey = (version: string) =>
  `tofu-cache/terraform-plugins/registry.opentofu.org/hashicorp/aws/${version}/terraform-provider-aws_${version}_linux_${process.arch === 'x64' ? 'amd64' : 'arm64'}.zip`;

let snapshot = '';
beforeAll(() => {
  snapshot = findSnapshotMirror() ?? '';
});
afterAll(removeUpstreams);

function keptOn({ bench }: Host): string {
  const [name = ''] = listNames(join(bench.dataDir, 'tofu-providers')).filter((one) => !one.startsWith('.'));
  return readFileSync(join(bench.dataDir, 'tofu-providers', name, 'lock.hcl'), 'utf8');
}

/** The version that a host's lock file names. */
function lockedOn(host: Host): string | undefined {
  return /version\s*= "([^"]+)"/.exec(keptOn(host))?.[1];
}

const emptyLock = '# no provider\n';

/** Puts a lock file in the place of the only one there is, vouched for like that one. */
async function relock({ blobs, store }: Shared, lock: string): Promise<void> {
  const [key = ''] = await blobs.list('tofu-cache/locks/', 1, call);
  await blobs.write(key, Buffer.from(lock), call);
  const set = /([0-9a-f]{64})\.hcl$/.exec(key)?.[1] ?? '';
  await createLedger({ store, clock }).keepLock(set, sha256Hex(lock), call);
}

/** Makes the run's directory ready, providers included, and gives it up. */
async function open({ tofu }: Host): Promise<void> {
  const { run } = await openRun(tofu, oneMachine());
  await run.dispose();
}

async function plan({ tofu }: Host): Promise<void> {
  const { run } = await openRun(tofu, oneMachine());
  await run.plan(call);
  await run.dispose();
}

describe('providers of a bundle', () => {
  beforeEach(({ skip }) => skip(snapshot === '', noSnapshotReason));

  it('are fetched once for all hosts; afterwards a host with an empty disk needs no network', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0', '6.1.0', '7.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });

    const made = await bring(first.tofu, oneMachine());
    const asked = upstream.asked();
    await upstream.close();
    const elsewhere = await bring(second.tofu, oneMachine());
    const again = await bring(second.tofu, oneMachine('r2'));

    expect(made.outcome).toMatchObject({ kind: 'ok' });
    expect(made.events.map(({ message }) => message).join()).toContain(
      'fetching providers: registry.opentofu.org/hashicorp/aws',
    );
    expect(upstream.fetched()).toEqual(['6.1.0.zip']);
    expect(await shared.blobs.list('tofu-cache/', 10, call)).toEqual([
      expect.stringMatching(/^tofu-cache\/locks\/[0-9a-f]{64}\.hcl$/),
      packageKey('6.1.0'),
    ]);
    expect(elsewhere.outcome).toMatchObject({ kind: 'ok' });
    expect(again.outcome).toMatchObject({ kind: 'ok' });
    expect(upstream.asked()).toBe(asked);
    expect([lockedOn(first), lockedOn(second)]).toEqual(['6.1.0', '6.1.0']);
    expect(first.used).toEqual(['providers miss', 'modules miss']);
    expect(second.used).toEqual(['providers filled', 'modules miss', 'providers hit', 'modules hit']);
  });

  it('go into the bundle with their lock file, which is part of what names it', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    await using host = aHost(program, { ...aShared(), upstream });

    const { run, runId } = await openRun(host.tofu, oneMachine());
    const runDir = join(host.bench.dataDir, 'runs', runId);
    const files = readdirSync(runDir);
    const rc = readFileSync(join(runDir, 'tofu.rc'), 'utf8');
    const lock = readFileSync(join(runDir, '.terraform.lock.hcl'), 'utf8');
    await run.dispose();

    expect(files).toContain('.terraform.lock.hcl');
    expect(lock).toMatch(/hashes = \[\s*"h1:/);
    expect(rc).toMatch(/tofu-providers\/[0-9a-f]{64}\/mirror/);
    expect(rc).not.toMatch(/direct \{|network_mirror/);
  });

  it('are not used when their bytes in Blobs are others than those put there', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });
    await using third = aHost(program, { ...shared, upstream });
    await open(first);
    const good = (await shared.blobs.read(packageKey('6.0.0'), call)) ?? new Uint8Array();
    const forged = good.map((byte, place) => (place === good.length >> 1 ? byte ^ 1 : byte));
    await shared.blobs.write(packageKey('6.0.0'), forged, call);

    await open(second);
    const healedBytes = await shared.blobs.read(packageKey('6.0.0'), call);
    await shared.blobs.write(packageKey('6.0.0'), forged, call);
    await upstream.close();
    const refused = open(third);

    expect(second.used).toEqual(['providers corrupt', 'providers miss']);
    expect(Buffer.from(healedBytes ?? []).equals(good)).toBe(true);
    await expect(refused).rejects.toMatchObject({ code: 'TOFU_PROVIDERS' });
    expect(third.used).toEqual(['providers corrupt', 'providers miss']);
    expect(third.lines.map(({ message }) => message)).toContain(
      'a kept provider is not what was put there; it is not used',
    );
    expect(listNames(join(third.bench.dataDir, 'tofu-providers'))).toEqual([]);
  });

  it('are refused by a fill, not chosen by it, when the lock file that is vouched for does not name them', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });
    await open(first);
    await relock(shared, emptyLock);

    await expect(open(second)).rejects.toMatchObject({
      code: 'TOFU_PROVIDERS',
      message: expect.stringContaining('rovider dependency changes'),
    });
    expect(listNames(join(second.bench.dataDir, 'tofu-providers'))).toEqual([]);
  });

  it('are refused by a run, not chosen by it, when its lock file does not name them', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using host = aHost(program, { ...shared, upstream });
    await open(host);
    const root = join(host.bench.dataDir, 'tofu-providers');
    const ready = join(root, sha256Hex(emptyLock));
    cpSync(join(root, sha256Hex(keptOn(host))), ready, { recursive: true });
    writeFileSync(join(ready, 'lock.hcl'), emptyLock);
    await relock(shared, emptyLock);

    await expect(plan(host)).rejects.toMatchObject({
      code: 'TOFU_PLAN_FAILED',
      message: expect.stringContaining('rovider dependency changes'),
    });
    expect(host.used.at(-2)).toBe('providers hit');
  });

  it('are chosen anew when a lock file in Blobs is not the one put there, of what Blobs hold', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });
    await open(first);
    const [lockKey = ''] = await shared.blobs.list('tofu-cache/locks/', 1, call);
    await shared.blobs.write(
      lockKey,
      Buffer.from('provider "evil.example/a/b" {\n  version = "1.0.0"\n}\n'),
      call,
    );
    await upstream.close();

    await open(second);

    expect(second.used).toEqual(['providers corrupt', 'providers filled']);
    expect(lockedOn(second)).toBe('6.0.0');
  });

  it('stay while other constraints are satisfied too, and are fetched anew when not', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await open(first);
    upstream.offer('6.0.0', '6.1.0');
    await using looser = aHost(program, { ...shared, upstream, constraint: '>= 6, != 6.0.1' });
    await using tighter = aHost(program, { ...shared, upstream, constraint: '~> 6.1' });

    await open(looser);
    await open(tighter);

    expect(lockedOn(looser)).toBe('6.0.0');
    expect(looser.used[0]).toBe('providers filled');
    expect(lockedOn(tighter)).toBe('6.1.0');
    expect(tighter.used[0]).toBe('providers miss');
    expect(upstream.fetched()).toEqual(['6.0.0.zip', '6.1.0.zip']);
  });

  it('are no hit at the first use after the version of the module was raised, and one from then on', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    await using host = aHost(program, { ...aShared(), upstream });
    await open(host);
    await open(host);
    const before = [...host.used];
    const versions = join(host.computeDir, 'versions.json');
    const { version, ...others } = JSON.parse(readFileSync(versions, 'utf8'));
    writeFileSync(versions, JSON.stringify({ ...others, version: `${version}1` }));
    host.used.length = 0;

    await open(host);
    await open(host);

    expect(before).toEqual(['providers miss', 'providers hit']);
    expect(host.used).toEqual(['providers filled', 'providers hit']);
    expect(upstream.fetched()).toEqual(['6.0.0.zip']);
  });

  it('are of the locked version, also where Blobs hold a newer one, or none any more', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using other = aHost(program, { ...shared, upstream, constraint: '~> 6.1' });
    await using second = aHost(program, { ...shared, upstream });
    await using third = aHost(program, { ...shared, upstream });
    await open(first);
    upstream.offer('6.0.0', '6.1.0');
    await open(other);

    await open(second);
    await shared.blobs.remove(packageKey('6.0.0'), call);
    await open(third);

    expect([lockedOn(second), lockedOn(third)]).toEqual(['6.0.0', '6.0.0']);
    expect([second.used, third.used]).toEqual([['providers filled'], ['providers miss']]);
    expect(await shared.blobs.list('tofu-cache/terraform-plugins/', 9, call)).toContain(packageKey('6.0.0'));
  });

  it('are fetched once when two runs of one host and one of another want them at once', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });

    const opened = await Promise.all([
      openRun(first.tofu, oneMachine()),
      openRun(first.tofu, oneMachine()),
      openRun(second.tofu, oneMachine()),
    ]);
    const plans = [await opened[0].run.plan(call), await opened[2].run.plan(call)];
    for (const { run } of opened) await run.dispose();

    expect(upstream.fetched()).toEqual(['6.0.0.zip']);
    expect(plans.map(({ summary }) => summary.add)).toEqual([1, 1]);
  });

  it('are there for a run although Blobs take nothing, and are kept on the host', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const { store, blobs } = aShared();
    const full = () => Promise.reject(blobErrors.unavailable({ op: 'write' }));
    const readOnly: BlobStore = { ...blobs, write: full, writeFrom: full };
    await using host = aHost(program, { store, blobs: readOnly, upstream });

    await open(host);
    await upstream.close();
    await open(host);

    expect(host.used).toEqual(['providers miss', 'providers failed', 'providers failed', 'providers hit']);
  });

  it('leave nothing half when the fetch is broken off, and come with the next run', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using broken = aHost(program, { ...shared, upstream });
    await using other = aHost(program, { ...shared, upstream });
    upstream.stall();
    const stop = new AbortController();
    const opened = broken.tofu.open(
      {
        ...{ runId: 'run-broken', wanted: oneMachine(), hardEndAt: clock.now() + 60_000 },
        ...{ onEvent: () => undefined, onProcess: () => undefined },
      },
      { signal: stop.signal },
    );
    await eventually(() => (upstream.fetched().length > 0 ? true : undefined), 'the fetch to begin');
    stop.abort();

    await expect(opened).rejects.toThrow();
    expect(await shared.blobs.list('tofu-cache/', 9, call)).toEqual([]);
    expect(listNames(join(broken.bench.dataDir, 'tofu-providers'))).toEqual([]);
    await using healthy = await startUpstream(snapshot, '6.0.0');
    await using next = aHost(program, { ...shared, upstream: healthy });
    await open(next);
    await open(other);
    expect([lockedOn(next), lockedOn(other)]).toEqual(['6.0.0', '6.0.0']);
  });

  it('come from what the operator put on the host, then from Blobs, without any network', async () => {
    await using upstream = await startUpstream(snapshot);
    const shared = aShared();
    await using baked = aHost(program, { ...shared, upstream, mirror: 'none' });
    await using empty = aHost(program, { ...shared, upstream, mirror: 'none' });
    await using alone = aHost(program, { ...aShared(), upstream, mirror: 'none' });
    cpSync(snapshot, join(baked.bench.dataDir, 'providers'), { recursive: true });

    await open(baked);
    await open(empty);
    const refused = open(alone);

    expect([baked.used[0], empty.used[0]]).toEqual(['providers filled', 'providers filled']);
    expect([lockedOn(baked), lockedOn(empty)]).toEqual(['6.0.0', '6.0.0']);
    expect(upstream.asked()).toBe(0);
    await expect(refused).rejects.toMatchObject({
      code: 'TOFU_PROVIDERS',
      message: expect.stringContaining('nothing is fetched'),
    });
  });

  it('are fetched anew after the cache was cleared, on every host; modules are prepared anew', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const shared = aShared();
    await using first = aHost(program, { ...shared, upstream });
    await using second = aHost(program, { ...shared, upstream });
    await open(first);
    upstream.offer('6.0.0', '6.1.0');

    const providers = await second.tofu.clearCache('providers', call);
    const left = await shared.blobs.list('tofu-cache/', 9, call);
    const modules = await second.tofu.clearCache('modules', call);
    first.used.length = 0;
    await plan(first);
    await plan(first);

    expect([providers, left, modules]).toEqual([2, [], 1]);
    expect(first.used).toEqual(['providers miss', 'modules miss', 'providers hit', 'modules hit']);
    expect(upstream.fetched()).toEqual(['6.0.0.zip', '6.1.0.zip']);
    expect(listNames(join(first.bench.dataDir, 'tofu-data'))).toEqual(['1']);
  });

  it('say what to do when the place for them cannot be written', async () => {
    await using upstream = await startUpstream(snapshot, '6.0.0');
    await using host = aHost(program, { ...aShared(), upstream });
    writeFileSync(join(host.bench.dataDir, 'tofu-providers'), 'a file where a folder must be');

    await expect(open(host)).rejects.toMatchObject({
      code: 'TOFU_PROVIDERS',
      message: expect.stringMatching(/hashicorp\/aws.*EEXIST/),
    });
    expect(existsSync(join(host.bench.dataDir, 'runs'))).toBe(false);
  });

  it('are no matter of a bundle of built-in ones', async () => {
    const shared = aShared();
    await using bench = createBench(program, { cache: { ...shared, mirror: 'none' } });

    const { run } = await openRun(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));
    await run.dispose();

    expect(existsSync(join(bench.dataDir, 'tofu-providers'))).toBe(false);
  });
});
