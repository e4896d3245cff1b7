import { type IdSource, Secret, silentLogger } from '@polar-gosling/kernel';
import { compileRule } from '@polar-gosling/nest';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { CloudMachines, Machines } from '@polar-gosling/ports/machines';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import type { Store } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import type { Engine, EngineDeps, EngineSettings } from '../api/engine.ts';
import { noMetrics } from '../api/metrics.ts';
import { createEngine } from '../create-engine.ts';
import type { InternalDeps } from '../deps.ts';
import { createEventHub } from '../events/event-hub.ts';
import { nothingFollowed } from '../tools/follow-active.ts';
import { createLatelyRead } from '../webhooks/lately.ts';
import { createFakeAgents, type FakeAgents, type FakeAgentsDeps } from './fake-agents.ts';
import { createFakeBinaries } from './fake-binaries.ts';
import { createFakeContainers, type FakeContainers } from './fake-containers.ts';
import { createFakeGit, type FakeGit } from './fake-git.ts';
import { createFakeGitlab, type FakeGitlab } from './fake-gitlab.ts';
import { createFakeTofu, type FakeTofu } from './fake-tofu.ts';
import { createGitlabModel, type GitlabModel, type HookEvent } from './gitlab-model.ts';
import { createRecordingStore, type RecordingStore } from './recording-store.ts';

/** Time that a test lets pass. */
export interface TestClock {
  now(): number;
  monotonic(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  advance(ms: number): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly clock: TestClock;
  readonly ids: IdSource;
  readonly settings?: Partial<EngineSettings>;
  /** Puts faults around the ports of one process. */
  readonly wrap?: (deps: EngineDeps) => EngineDeps;
  /** What holds the rows; default: memory. */
  readonly store?: Store;
  /** What makes machines, in the place of the model; agents live on its machines. */
  readonly outside?: Pick<FakeTofu, 'tofu' | 'machinesPort'> & Pick<FakeAgentsDeps, 'machines'>;
  /** A fault of the store alone, inside the recording. */
  readonly wrapStore?: (store: Store) => Store;
}

/** A whole installation in this process: the engine on memory adapters, GitLab, OpenTofu and the agents as models. */
export interface ControlPlane {
  readonly clock: TestClock;
  readonly model: GitlabModel;
  readonly gitlab: FakeGitlab;
  readonly git: FakeGit;
  readonly tofu: FakeTofu;
  readonly containers: FakeContainers;
  readonly agents: FakeAgents;
  readonly recording: RecordingStore;
  /** What use cases are called with directly. */
  readonly deps: InternalDeps;
  readonly engine: () => Engine;
  /** What becomes of the events that GitLab sends; the default delivers each once, in order. */
  route: (events: readonly HookEvent[]) => readonly HookEvent[];
  /** Starts the worker (a new process, when one ran before). */
  start(holder?: string, wrap?: (deps: EngineDeps) => EngineDeps): void;
  stop(): Promise<void>;
  /** Lets the world go on for `ms`, a step at a time. */
  run(ms: number, stepMs?: number): Promise<void>;
  /** Runs until `isSo` holds; says after how many ms, or `undefined` when `mostMs` passed. */
  runUntil(isSo: () => boolean | Promise<boolean>, mostMs: number): Promise<number | undefined>;
  deliver(): Promise<void>;
}

const never = new AbortController().signal;

export const testSettings: EngineSettings = {
  publicUrl: 'https://goose.example.com',
  agentUrl: 'https://goose.example.com',
  installation: 'test',
  nest: { url: 'file:///nest' },
  isEmbedded: true,
  holder: 'p1',
  machineRevision: 1,
  refuseLocal: () => undefined,
  heartbeatMs: 15_000,
  syncEveryMs: 300_000,
  sweepEveryMs: 300_000,
  pruneEveryMs: 60_000,
  concurrency: 8,
};

export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, ids } = options;
  const model = createGitlabModel(clock);
  const gitlab = createFakeGitlab(model);
  const git = createFakeGit(clock);
  const tofu = createFakeTofu(clock);
  const containers = createFakeContainers(tofu, clock);
  const outside = options.outside ?? { ...tofu, machines: () => tofu.machines };
  const recording = createRecordingStore(options.store ?? createMemoryStore({ clock }));
  const store = options.wrapStore?.(recording.store) ?? recording.store;
  const secrets = createMemorySecrets();
  await secrets.write('gitlab/gitlab.com/default/api-token', new Secret('glpat-test'), { signal: never });
  const base: EngineDeps = {
    store,
    queue: createOutboxQueue({ store, clock, ids }),
    secrets,
    blobs: createMemoryBlobs(),
    gitlab,
    git: git.reader,
    tofu: outside.tofu,
    machines: outside.machinesPort,
    cloudMachines: { aws: inCloud(outside.machinesPort), yandex: inYandex(outside.machinesPort, tofu) },
    runnerStart: containers.port,
    binaries: { tofu: createFakeBinaries(), gosling: createFakeBinaries() },
    ...{ clock, ids, log: silentLogger, metrics: noMetrics },
    settings: { ...testSettings, ...options.settings },
    readCaFile: () => undefined,
  };
  const deps: InternalDeps = {
    ...(options.wrap?.(base) ?? base),
    watch: new Map(),
    bound: {},
    lately: createLatelyRead(clock),
    followed: nothingFollowed(),
    events: createEventHub(),
    compileRule,
  };
  let engine = createEngine(deps);
  const life = { calls: () => engine.agents, machines: outside.machines, bootMs: 5_000 };
  const agents = createFakeAgents({ ...life, model, clock });
  const processes = createProcesses();
  const plane: ControlPlane = {
    clock,
    model,
    gitlab,
    git,
    tofu,
    containers,
    agents,
    recording,
    deps,
    engine: () => engine,
    route: (events) => events,
    start(holder = deps.settings.holder, wrap = (given) => given) {
      engine = createEngine(wrap({ ...deps, settings: { ...deps.settings, holder } }));
      processes.start(engine);
    },
    stop: () => processes.stop(),
    deliver: () => deliver(plane),
    run: (ms, stepMs = 1_000) => runWorld(plane, ms, stepMs),
    runUntil: (isSo, mostMs) => runUntil(plane, isSo, mostMs),
  };
  return plane;
}

/** A cloud finds by tags: who asks for those of another installation finds nothing. */
function inCloud(machines: Machines): CloudMachines {
  return {
    list: (call) => machines.list(call),
    async status({ runnerId, installation }, call) {
      const machine = await machines.status(runnerId, call);
      return machine?.installation === installation ? machine : undefined;
    },
  };
}

/** Containers have an id of their own; here it is their name. */
function inYandex(machines: Machines, { containers }: Pick<FakeTofu, 'containers'>): CloudMachines {
  return {
    ...inCloud(machines),
    container: async ({ name }) =>
      containers.has(name) ? { type: 'yandex_serverless_container', id: name } : undefined,
  };
}

function createProcesses() {
  let current: { stop: AbortController; done: Promise<void> } | undefined;
  return {
    start(engine: Engine) {
      const stop = new AbortController();
      current = { stop, done: engine.background.work({ signal: stop.signal }) };
    },
    async stop() {
      current?.stop.abort();
      await current?.done;
      current = undefined;
    },
  };
}

async function deliver(plane: ControlPlane): Promise<void> {
  const { webhooks } = plane.engine();
  for (const { token, headers, body } of plane.route(plane.model.sent.splice(0))) {
    try {
      const check = await webhooks.checkToken(token, { signal: never });
      if (check.kind === 'unknown') continue;
      await webhooks.ingest({ tokenSha256: check.tokenSha256, headers, body }, { signal: never });
    } catch {
      // GitLab does not send it again: the sweep finds what is lost.
    }
  }
}

async function runWorld(plane: ControlPlane, ms: number, stepMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await plane.agents.step();
    plane.containers.endInvocations(plane.agents.all);
    await plane.deliver();
    try {
      await plane.engine().background.tick({ signal: never });
    } catch {
      // The next tick is a second away.
    }
    await plane.clock.advance(stepMs);
  }
}

async function runUntil(
  plane: ControlPlane,
  isSo: () => boolean | Promise<boolean>,
  mostMs: number,
): Promise<number | undefined> {
  const startedAt = plane.clock.now();
  while (plane.clock.now() - startedAt < mostMs) {
    if (await isSo()) return plane.clock.now() - startedAt;
    await runWorld(plane, 1_000, 1_000);
  }
  return (await isSo()) ? plane.clock.now() - startedAt : undefined;
}
