import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSystemIds } from '@polar-gosling/kernel';
import type { Tofu, TofuRun } from '@polar-gosling/ports/tofu';
import { createFakeClock } from '@polar-gosling/testkit';
import { findProcessesIn } from '../../adapters/tofu/src/process-identity.ts';
import { createBench, listNames, never } from '../../adapters/tofu/src/test-bench.ts';
import {
  type ControlPlane,
  createControlPlane,
  type TestClock,
} from '../../packages/engine/src/testing/control-plane.ts';
import { eggText } from '../../packages/engine/src/testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../../packages/engine/src/testing/test-cloud.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { writeCloudModule } from './fake-cloud-module.ts';
import { openStore } from './open-store.ts';
import { createStateBench, type StateBench } from './state-bench.ts';

const call = { signal: never };

export interface CloudWorldOptions {
  readonly program: string;
  /** Directory of providers with the one of the fake cloud. */
  readonly mirror: string;
  readonly states: 'bucket' | 'local';
  /** Time that passes by itself; default: time that stands still while anybody works. */
  readonly clock?: TestClock;
}

export interface CloudWorld extends AsyncDisposable {
  readonly cloud: FakeCloud;
  readonly plane: ControlPlane;
  readonly dataDir: string;
  readonly bucket: StateBench | undefined;
  /** Told of each process of OpenTofu that is started. */
  onProcess: (pid: number) => void;
  /**
   * Whatever is left though nothing is wanted: machines, directories of runs, processes, locks, states not written,
   * plans that count as being applied.
   */
  leftovers(): Promise<Readonly<Record<string, readonly string[]>>>;
}

/** The whole engine on SQLite with the real OpenTofu, which makes the machines of an Egg in a cloud that misbehaves. */
export async function createCloudWorld(options: CloudWorldOptions): Promise<CloudWorld> {
  const cloud = await startFakeCloud();
  const bucket = options.states === 'bucket' ? await createStateBench() : undefined;
  const bench = createBench(
    options.program,
    bucket && {
      states: bucket.states,
      encryption: bucket.encryption,
      blobs: bucket.blobs,
    },
  );
  const { dataDir } = bench;
  cpSync(options.mirror, join(dataDir, 'providers'), { recursive: true });
  const real = bench.reopen({
    computeDir: writeCloudModule(bench.dir),
    cloudEnvironment: async () => ({ FAKECLOUD_ENDPOINT: cloud.endpoint }),
    limits: { settleWaitMs: 5_000, lockTimeoutMs: 5_000 },
  });
  const watched = watchTofu(real, (pid) => world.onProcess(pid));
  // A run whose request the cloud holds back lets time pass.
  const settled = () => quiet(() => watched.open() <= cloud.held() && cloud.busy() === cloud.held());
  const clock = options.clock ?? createFakeClock({ start: Date.now(), settled });
  const store = await openStore({ kind: 'sqlite', at: join(bench.dir, 'gosling.db') }, clock);
  const plane = await createControlPlane({
    clock,
    store,
    ids: createSystemIds(clock),
    settings: cloudSettings,
    outside: {
      tofu: watched.tofu,
      machinesPort: cloud.port,
      machines: () =>
        new Map(
          [...cloud.machines.values()].map(({ name, entry }) => [name, { runnerId: name, entry, madeAt: 0 }]),
        ),
    },
  });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  const world: CloudWorld = {
    cloud,
    plane,
    dataDir,
    bucket,
    onProcess: () => undefined,
    async leftovers() {
      const locks =
        (await bucket?.blobs.list('tofu-states/', 100, call)) ?? listTree(join(dataDir, 'tofu-states'));
      return {
        machines: [...cloud.machines.values()].map(({ name }) => name).toSorted(),
        runs: listNames(join(dataDir, 'runs')),
        processes: findProcessesIn(join(dataDir, 'runs')).map(({ pid }) => String(pid)),
        locks: locks.filter((key) => /\.tflock$|\.lock\.info$/.test(key)),
        errored: listTree(join(dataDir, 'errored')),
        plans: await plane.recording.leftPlans(),
      };
    },
    async [Symbol.asyncDispose]() {
      await plane.stop();
      await store.close();
      await bench[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
      await bucket?.[Symbol.asyncDispose]();
    },
  };
  return world;
}

/** An Egg of AWS with so many runners that do one job each. */
export function cloudEgg(concurrent: number, more: readonly string[] = ['    max_jobs = 1']): string {
  return eggText('app', { concurrent, more: [...more, ...onAws] });
}

/** Counts the runs that are open, and tells of its processes. */
function watchTofu(real: Tofu, onProcess: (pid: number) => void): { tofu: Tofu; open: () => number } {
  let busy = 0;
  const counted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    busy++;
    try {
      return await work();
    } finally {
      busy--;
    }
  };
  const watchRun = (run: TofuRun): TofuRun => ({
    ...run,
    get pid() {
      return run.pid;
    },
    dispose: () =>
      run.dispose().finally(() => {
        busy--;
      }),
  });
  return {
    open: () => busy,
    tofu: {
      ...real,
      tool: (given) => counted(() => real.tool(given)),
      settle: (left, given) => counted(() => real.settle(left, given)),
      async open(request, given) {
        busy++;
        try {
          const onStarted = (pid: number) => {
            onProcess(pid);
            request.onProcess(pid);
          };
          return watchRun(await real.open({ ...request, onProcess: onStarted }, given));
        } catch (error) {
          busy--;
          throw error;
        }
      },
    },
  };
}

async function quiet(isIdle: () => boolean): Promise<void> {
  while (!isIdle()) await pause(5);
}

/** Files below it, by their paths in it. */
function listTree(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  const found = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return found.filter((name) => statSync(join(dir, name)).isFile());
}
