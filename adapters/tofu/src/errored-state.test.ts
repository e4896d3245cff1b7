import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineErrors, Secret, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { describe, expect, it, vi } from 'vitest';
import { recoverState } from './errored-state.ts';
import type { StatesInBucket } from './find-place.ts';
import {
  clock,
  createBench,
  eventually,
  listNames,
  never,
  openRun,
  wants,
  writeFakeTofu,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 30_000 });

const call = { signal: never };
const key = 'tofu-states/web/terraform.tfstate';
const state = '{"serial":7,"lineage":"ours"}\n';
// As the engine's own: the adapter knows it by its code.
const lease = defineErrors('LEASE', { lost: { message: () => 'lost', http: 409, retry: 'never' } });

/** States in memory beside the other blobs, and an OpenTofu that cannot write its own when it is interrupted. */
function createLosingBench() {
  const blobs = createMemoryBlobs();
  const states: StatesInBucket = {
    blobs,
    bucket: {
      ...{ bucket: 'states', prefix: '' },
      access: async () => ({
        region: 'eu-central-1',
        credentials: { accessKeyId: 'id', secretAccessKey: new Secret('key') },
        holdsConditionalWrites: true,
      }),
      async read(at) {
        const bytes = await blobs.read(at, call);
        return bytes && { bytes, version: '1' };
      },
      async write(at, value) {
        await blobs.write(at, value, call);
        return 'written';
      },
    },
  };
  const bench = createBench('', { blobs, states });
  const apply = `trap 'cat >errored.tfstate <<END
${state.trim()}
END
exit 1' INT; touch ready; while :; do sleep 0.1; done`;
  const bin = writeFakeTofu(bench.dir, apply);
  const tofu = bench.reopen({ find: { bin, environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false } });
  const textAt = async (at: string) => Buffer.from((await blobs.read(at, call)) ?? '').toString('utf8');
  return { bench, tofu, textAt };
}

async function applyAndStop(at: ReturnType<typeof createLosingBench>, reason: unknown): Promise<string> {
  const { run, runId } = await openRun(at.tofu, wants([]));
  await run.plan(call);
  const stop = new AbortController();
  const applied = run.apply({ signal: stop.signal });
  const ready = join(at.bench.dataDir, 'runs', runId, 'ready');
  await eventually(() => (existsSync(ready) ? true : undefined), 'the apply to begin');
  stop.abort(reason);
  await applied;
  await run.dispose();
  return runId;
}

describe('an apply that could not write its state', () => {
  it('puts it in its place while the lease is its own', async () => {
    const at = createLosingBench();
    await using _bench = at.bench;

    const runId = await applyAndStop(at, new DOMException('the process ends', 'AbortError'));

    expect(await at.textAt(key)).toBe(state);
    expect(await at.textAt(`runs/${runId}/errored.tfstate`)).toBe(state);
  });

  it('keeps it for the next holder, and writes nothing else, when its lease is lost', async () => {
    const at = createLosingBench();
    await using bench = at.bench;

    const runId = await applyAndStop(at, lease.lost({}));
    const before = await at.textAt(key);
    const kept = await at.textAt(`runs/${runId}/errored.tfstate`);
    const { name: host, bootId } = at.tofu.host;
    const left = { runId, egg: 'web', shard: 0, host, bootId, pid: undefined, hardEndAt: clock.now() };
    const settled = await at.tofu.settle(left, call);

    expect([before, kept, settled]).toEqual(['', state, 'settled']);
    expect(await at.textAt(key)).toBe(state);
    expect(listNames(join(bench.dataDir, 'errored/tofu-states/web'))).toEqual([]);
  });
});

describe('a state that waits on this host', () => {
  it.each([
    ['pushed', []],
    ['old', ['terraform.tfstate.not-taken']],
  ] as const)('is kept unless it was taken up: %s', async (outcome, kept) => {
    const { bench } = createLosingBench();
    await using _bench = bench;
    const waits = join(bench.dataDir, 'errored/tofu-states/web');
    mkdirSync(waits, { recursive: true });
    writeFileSync(join(waits, 'terraform.tfstate'), state);
    const place = { push: async () => outcome };
    const run = { runDir: bench.dir, runId: 'next', egg: 'web', shard: 0 };

    await recoverState(run, { dataDir: bench.dataDir, blobs: undefined, logger: silentLogger, place }, never);

    expect(listNames(waits)).toEqual(kept);
  });
});
