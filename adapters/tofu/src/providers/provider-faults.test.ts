import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findSnapshotMirror, noSnapshotReason } from '../cloud-bench.ts';
import { signalQuietly } from '../process-identity.ts';
import { eventually, findTestTofu, listNames } from '../test-bench.ts';
import { findUnshare, noSmallDisk, onSmallDisk } from '../test-small-disk.ts';
import { oneMachine, removeUpstreams, startUpstream, type Upstream } from './provider-bench.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });
const child = fileURLToPath(new URL('./fill.child.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'provider-faults-'));
const unshare = findUnshare();
let snapshot = '';
beforeAll(() => {
  snapshot = findSnapshotMirror() ?? '';
});
afterAll(() => {
  removeUpstreams();
  rmSync(root, { recursive: true, force: true });
});

/** A process that makes providers ready in `dataDir`; with `disk`, where that directory is a tmpfs of this size. */
function startFill(dataDir: string, upstream: Upstream, disk?: string) {
  const [entry = ''] = oneMachine().entries.values();
  const { url: mirror, caFile } = upstream;
  const settings = JSON.stringify({ dataDir, program: findTestTofu(), mirror, caFile, entry });
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', child, settings];
  const [command = '', ...args] =
    disk === undefined ? node : onSmallDisk(unshare ?? [], { dir: dataDir, size: disk }, node);
  const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const text: string[] = [];
  started.stdout.setEncoding('utf8').on('data', (part: string) => text.push(part));
  return {
    pid: started.pid ?? 0,
    async said() {
      if (started.exitCode === null && started.signalCode === null) await once(started, 'exit');
      return text.join('');
    },
  };
}

describe('a host that fails while it makes providers ready', () => {
  beforeEach(({ skip }) => skip(snapshot === '', noSnapshotReason));

  it('leaves nothing that counts when it is killed, and is followed by the next process', async () => {
    await using stalled = await startUpstream(snapshot, '6.0.0');
    await using upstream = await startUpstream(snapshot, '6.0.0');
    stalled.stall();
    const dataDir = join(root, 'killed');
    const killed = startFill(dataDir, stalled);
    await eventually(() => (stalled.fetched().length > 0 ? true : undefined), 'the fetch to begin');
    signalQuietly(killed.pid, 'SIGKILL');
    await killed.said();
    const left = listNames(join(dataDir, 'tofu-providers'));

    const said = await startFill(dataDir, upstream).said();

    expect(left).toEqual([expect.stringMatching(/^\.fill-/)]);
    expect(said).toBe('ready\n');
    expect(listNames(join(dataDir, 'tofu-providers'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it('says that the disk is full', async ({ skip }) => {
    skip(unshare === undefined, noSmallDisk);
    await using upstream = await startUpstream(snapshot, '6.0.0');
    const dataDir = join(root, 'full');
    mkdirSync(dataDir);

    const said = await startFill(dataDir, upstream, '4m').said();

    expect(said).toMatch(/^TOFU_PROVIDERS .*hashicorp\/aws.*no space left on device/s);
  });
});
