import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  anEntry,
  bring,
  createBench,
  findTestTofu,
  noTofuReason,
  wants,
} from '../../adapters/tofu/src/test-bench.ts';
import { addJob } from '../../packages/engine/src/testing/gitlab-model.ts';
import { install } from '../../packages/engine/src/testing/install.ts';
import { type CloudWorld, cloudEgg, createCloudWorld } from './cloud-world.ts';
import { startFakeCloud } from './fake-cloud.ts';
import { findFakecloudMirror, noMirrorReason, writeCloudModule } from './fake-cloud-module.ts';

const program = findTestTofu() ?? '';
const mirror = findFakecloudMirror() ?? '';
const minuteMs = 60_000;
const timeoutMs = 300_000;

beforeEach(({ skip }) => {
  skip(!program.includes('tofu'), noTofuReason);
  skip(mirror === '', noMirrorReason);
});

async function aWorld(egg: string): Promise<CloudWorld> {
  const world = await createCloudWorld({ program, mirror, states: 'local' });
  await install(world.plane, { 'Eggs/app/config.fly': egg });
  world.plane.start();
  return world;
}

const launch = ({ plane }: CloudWorld, lastsMs: number) => addJob(plane.model, { projectId: 1, lastsMs });
const names = ({ cloud }: CloudWorld) => [...cloud.machines.values()].map(({ name }) => name);
const asked = ({ cloud }: CloudWorld, method: string) =>
  cloud.requests.filter((request) => request.method === method).map(({ name }) => name);

describe('the real OpenTofu in a cloud that misbehaves', () => {
  it(
    'makes the machine of a new job within 2 s while the removal of another hangs for 5 minutes',
    async () => {
      await using world = await aWorld(cloudEgg(4));
      const { plane, cloud } = world;
      const hanging = Promise.withResolvers<void>();
      cloud.treat = ({ method }) => (method === 'DELETE' ? { after: hanging.promise } : {});
      const first = launch(world, minuteMs);
      await plane.runUntil(() => cloud.held() === 1, 20 * minuteMs);
      expect([first.status, names(world).length]).toEqual(['success', 1]);

      const from = plane.clock.now();
      const second = launch(world, minuteMs);
      await plane.runUntil(() => asked(world, 'POST').length === 2, minuteMs);
      const startedAfterMs = plane.clock.now() - from;
      await plane.run(5 * minuteMs);
      expect([startedAfterMs <= 2_000, second.status, cloud.held()]).toEqual([true, 'success', 2]);

      hanging.resolve();
      await plane.runUntil(() => cloud.machines.size === 0, 20 * minuteMs);
      expect(cloud.machines.size).toBe(0);
    },
    timeoutMs,
  );

  it(
    'finds by its own sweep that a machine has ended itself, never makes it again, and makes room for another',
    async () => {
      await using world = await aWorld(cloudEgg(4, []));
      const { plane, cloud } = world;
      const [gone] = [launch(world, 3 * 60 * minuteMs), launch(world, 3 * 60 * minuteMs)];
      await plane.runUntil(() => gone.status === 'running' && cloud.machines.size === 2, 10 * minuteMs);
      // The cloud's own list answers nothing: a comparison with the state tells, and that alone is no proof.
      cloud.isListed = false;
      const [[id, machine] = expect.fail()] = cloud.machines;
      cloud.machines.delete(id);
      const rowOf = async () =>
        (await plane.recording.rows('runners')).find((row) => row['id'] === machine.name);
      const foundAfterMs = await plane.runUntil(
        async () => Object(await rowOf()).metadata?.gone === true,
        40 * minuteMs,
      );
      const unproved = (await rowOf())?.['state'];
      cloud.isListed = true;
      await plane.runUntil(async () => (await rowOf())?.['state'] === 'terminated', 10 * minuteMs);
      const another = launch(world, minuteMs);
      await plane.runUntil(() => another.status === 'success', 30 * minuteMs);

      expect(foundAfterMs).toEqual(expect.any(Number));
      // With its job, as far as anybody knows.
      expect(['active', 'draining']).toContain(unproved);
      expect((await rowOf())?.['state']).toBe('terminated');
      expect(another.status).toBe('success');
      expect(asked(world, 'POST').filter((name) => name === machine.name)).toEqual([machine.name]);
      expect(cloud.madeTwice).toEqual([]);
    },
    timeoutMs,
  );

  it(
    'changes nothing of 10 machines when the versions of module and provider are raised',
    async () => {
      await using cloud = await startFakeCloud();
      await using bench = createBench(program, {
        cloudEnvironment: async () => ({ FAKECLOUD_ENDPOINT: cloud.endpoint }),
      });
      cpSync(mirror, join(bench.dataDir, 'providers'), { recursive: true });
      const at = (versions: { providerVersion?: string; moduleVersion?: string }) =>
        bench.reopen({ computeDir: writeCloudModule(bench.dir, versions) });
      const entries = (count: number) => ({
        ...wants(Array.from({ length: count }, (_, n) => cloudEntry(`r${n}`))),
        provider: 'aws' as const,
        region: 'eu-central-1',
      });
      const made = await bring(at({}), entries(10));
      const before = [...cloud.machines.keys()];

      const raised = { providerVersion: '0.2.0', moduleVersion: '99.0.0' };
      const same = await bring(at(raised), entries(10));
      const more = await bring(at(raised), entries(11));

      expect(made.outcome).toMatchObject({ kind: 'ok' });
      expect(same.plan).toMatchObject({ hasChanges: false, summary: { add: 0, change: 0, destroy: 0 } });
      expect(same.plan.changes).toHaveLength(10);
      expect(more.plan.summary).toEqual({ add: 1, change: 0, destroy: 0 });
      expect([...cloud.machines.keys()].slice(0, 10)).toEqual(before);
      expect(cloud.requests.filter(({ method }) => method === 'PUT' || method === 'DELETE')).toEqual([]);
    },
    timeoutMs,
  );

  it(
    'Feature: gitops-runner-orchestration, Property 13: what a serverless runner leaves is gone 5 minutes after its job',
    async () => {
      await using world = await aWorld(cloudEgg(4).replace('"vm"', '"serverless"'));
      const { plane, cloud } = world;
      cloud.treat = ({ method }) => (method === 'GET' ? {} : { beforeMs: 50, afterMs: 50 });
      const lateMs: number[] = [];
      for (const lastsMs of [1_000, 10 * minuteMs]) {
        const jobs = [launch(world, lastsMs), launch(world, lastsMs)];
        await plane.runUntil(() => jobs.every(({ status }) => status === 'success'), 30 * minuteMs);
        lateMs.push((await plane.runUntil(() => cloud.machines.size === 0, 10 * minuteMs)) ?? Infinity);
      }

      expect(Math.max(...lateMs)).toBeLessThanOrEqual(5 * minuteMs);
      expect(await world.leftovers()).toMatchObject({ machines: [], runs: [], processes: [], locks: [] });
    },
    timeoutMs,
  );
});

function cloudEntry(id: string) {
  const own = { machine_hash: 'a'.repeat(64), executor: 'shell', arch: 'amd64' } as const;
  return anEntry({ runner_id: id, provider: 'aws', region: 'eu-central-1', image: 'ami-1', ...own });
}
