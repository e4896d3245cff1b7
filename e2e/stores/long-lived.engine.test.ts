import { env } from 'node:process';
import { createSystemIds } from '@polar-gosling/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  bring,
  clock,
  createBench,
  findTestTofu,
  never,
  noTofuReason,
} from '../../adapters/tofu/src/test-bench.ts';
import { runSet } from '../../packages/engine/src/long-lived/run-set.ts';
import { createControlPlane } from '../../packages/engine/src/testing/control-plane.ts';
import type { Row } from '../../packages/ports/src/store/index.ts';
import { createStateBench, noS3Reason, type StateBench } from './state-bench.ts';

const program = findTestTofu() ?? '';
const call = { signal: never, trace: 'test' };
const me = { tokenId: 't', name: 'me', role: 'write' } as const;
const timeoutMs = 120_000;

/** A server that is changed in place, and what must outlive every change. */
const filesOf = (image: string) =>
  new Map([
    [
      'resources.tf',
      `variable "image" {
  type = string
}

resource "terraform_data" "server" {
  input = var.image
}

resource "terraform_data" "cache" {
  input = "kept"
}
`,
    ],
    ['rift.auto.tfvars.json', JSON.stringify({ image })],
  ]);
const wantedOf = (image: string) =>
  ({
    egg: 'rift',
    shard: 0,
    provider: 'local',
    region: '',
    entries: new Map(),
    files: filesOf(image),
  }) as const;

async function aWorld(at: StateBench) {
  const bench = createBench(program, { states: at.states, blobs: at.blobs });
  const outside = {
    tofu: bench.tofu,
    machinesPort: { list: async () => [], status: async () => undefined },
    machines: () => new Map(),
  };
  const still = { ...clock, advance: async () => undefined };
  const plane = await createControlPlane({ clock: still, ids: createSystemIds(clock), outside });
  return {
    bench,
    async deploy(image: string) {
      const set = {
        set: 'rift',
        provider: 'local',
        region: '',
        files: filesOf(image),
        commit: image,
        configHash: image,
      } as const;
      await plane.engine().sets.deploy(set, call);
    },
    rollback: () => plane.engine().commands.rollback(me, { egg: 'rift', unpin: false, dryRun: false }, call),
    /** All there is to do, by a worker on this or another host. */
    async settle(tofu = bench.tofu) {
      for (let step = 0; step < 5; step++) {
        if ((await runSet({ ...plane.deps, tofu }, 'rift', call)) === 'idle') return;
      }
      expect.unreachable('it does not come to rest');
    },
    async plans() {
      const rows = await plane.recording.rows('deployment_plans');
      return rows.map(({ kind, status }) => `${kind} ${status}`);
    },
    /** What OpenTofu was run for, by run. */
    async purposes() {
      return (await plane.recording.rows('runs')).map(({ purpose }) => purpose);
    },
    rows: plane.recording.rows,
    /** Puts other columns into the row of the armed plan. */
    async spoil(change: (binary: Uint8Array) => Row) {
      const rows = await plane.recording.rows('deployment_plans');
      const armed = rows.find(({ status }) => status === 'pending');
      const key = { table: 'deployment_plans', partition: String(armed?.['id']) } as const;
      const set = change(armed?.['plan_binary'] as Uint8Array);
      await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], call);
    },
    /** What a plan to these files would change now. */
    changesTo: async (image: string) => (await planOnly(bench, image)).summary,
    commandsOf: async (run: number) => {
      const runs = await plane.recording.rows('runs');
      const bytes = await plane.deps.blobs.read(String(runs[run]?.['log_ref']), call);
      const log = Buffer.from(bytes ?? '').toString('utf8');
      return [...log.matchAll(/"tofu (\w+) /g)].map(([, command]) => command);
    },
  };
}

/** `image:2` is in force then, and `image:1` was before it. */
async function deployTwice(world: Awaited<ReturnType<typeof aWorld>>): Promise<void> {
  for (const image of ['image:1', 'image:2']) {
    await world.deploy(image);
    await world.settle();
  }
}

async function planOnly(bench: ReturnType<typeof createBench>, image: string) {
  const request = { runId: `look-${image}`, wanted: wantedOf(image), hardEndAt: clock.now() + 60_000 };
  const run = await bench.tofu.open(
    { ...request, onEvent: () => undefined, onProcess: () => undefined },
    call,
  );
  try {
    return await run.plan(call);
  } finally {
    await run.dispose();
  }
}

describe('a long-lived set, by the real OpenTofu', () => {
  beforeEach(({ skip }) => {
    skip(!program.includes('tofu'), noTofuReason);
    skip(env['POLAR_S3_URL'] === undefined, noS3Reason);
  });

  it(
    'goes back by its armed plan, on a host that never saw it, without planning',
    async () => {
      await using at = await createStateBench();
      const world = await aWorld(at);
      await using _ = world.bench;
      await deployTwice(world);
      expect(await world.changesTo('image:2')).toEqual({ add: 0, change: 0, destroy: 0 });
      const armed = (await world.rows('deployment_plans')).find(({ status }) => status === 'pending');
      expect(armed).toMatchObject({ plan_type: 'rift', summary: { add: 0, change: 1, destroy: 0 } });
      expect(Buffer.from(armed?.['plan_binary'] as Uint8Array).toString('latin1')).not.toContain('image:1');

      await world.rollback();
      await using elsewhere = createBench(program, { states: at.states, blobs: at.blobs });
      await world.settle(elsewhere.tofu);

      expect(await world.changesTo('image:1')).toEqual({ add: 0, change: 0, destroy: 0 });
      expect(await world.plans()).toEqual(['deploy applied', 'deploy rolled_back', 'rollback applied']);
      expect(await world.purposes()).toEqual(['deploy', 'deploy', 'arm', 'rollback']);
      expect(await world.commandsOf(3)).toEqual(['init', 'show', 'apply']);
      expect(await world.commandsOf(1)).toContain('plan');
    },
    timeoutMs,
  );

  it(
    'is planned anew where its state has moved on since the plan was armed',
    async () => {
      await using at = await createStateBench();
      const world = await aWorld(at);
      await using bench = world.bench;
      await deployTwice(world);
      await bring(bench.tofu, wantedOf('by hand'));

      await world.rollback();
      await world.settle();

      expect(await world.changesTo('image:1')).toEqual({ add: 0, change: 0, destroy: 0 });
      expect(await world.plans()).toEqual([
        'deploy applied',
        'deploy rolled_back',
        'rollback discarded',
        'rollback applied',
      ]);
    },
    timeoutMs,
  );

  it.each([
    {
      of: 'is cut short: OpenTofu cannot show it',
      change: (binary: Uint8Array) => ({ plan_binary: binary.subarray(0, binary.length / 2) }),
      commands: ['show'],
    },
    {
      of: 'was made by another version: it is not opened',
      change: () => ({ tofu_version: '1.0.0' }),
      commands: ['plan', 'show', 'apply'],
    },
  ])(
    'goes back from its bundle where the armed plan $of',
    async ({ change, commands }) => {
      await using at = await createStateBench();
      const world = await aWorld(at);
      await using _ = world.bench;
      await deployTwice(world);
      await world.spoil(change);

      await world.rollback();
      await world.settle();

      expect(await world.changesTo('image:1')).toEqual({ add: 0, change: 0, destroy: 0 });
      expect(await world.commandsOf(3)).toEqual(commands);
      expect(await world.plans()).toEqual([
        'deploy applied',
        'deploy rolled_back',
        'rollback discarded',
        'rollback applied',
      ]);
    },
    timeoutMs,
  );
});
